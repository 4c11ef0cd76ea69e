import Foundation

/// A file mapped read-only into memory: its bytes are there without being copied, and pages are loaded when touched.
///
/// Opening costs microseconds whatever the size, and mappings of one file share memory between processes. The mapping
/// lives as long as this object: whoever keeps a pointer into ``bytes`` keeps the object too.
///
/// A file that another process *shortens* while it is mapped makes reads beyond the new end fail fatally (`SIGBUS`);
/// replace model files by renaming over them, as ``AtomicFile`` does.
///
/// `@unchecked Sendable` is safe because the bytes are mapped read-only and the pointer is a `let`: nothing here ever
/// changes until `deinit`, when no other reference is left.
package final class MappedFile: @unchecked Sendable {
  package let path: String
  /// All bytes of the file; valid as long as this object lives. Never empty.
  package let bytes: UnsafeRawBufferPointer

  /// The same of a text: without the byte order mark that may stand before it.
  package var textBytes: UnsafeRawBufferPointer {
    bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeRawBufferPointer(rebasing: bytes[3...]) : bytes
  }

  private let descriptor: Int32
  /// When the file was last written to before it was mapped, and its size then.
  private let state: [Int]

  package var size: Int { bytes.count }

  package init(contentsOf url: URL) throws {
    let path = url.path
    func refuse(found: String, advice: String = "") -> FormatError {
      FormatError(.unreadable, file: path, expected: "a readable file", found: found, advice: advice)
    }
    guard url.isFileURL else {
      throw FormatError(.unreadable, file: url.absoluteString, expected: "a file URL", found: "another scheme")
    }
    // Without O_NONBLOCK, opening a named pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw refuse(found: "no such file", advice: "check the path")
      case EACCES: throw refuse(found: "no permission", advice: "check the file's and its folders' permissions")
      case let code: throw refuse(found: String(cString: strerror(code)))
      }
    }
    var isKept = false
    defer { if !isKept { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw refuse(found: String(cString: strerror(errno))) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw refuse(found: "a folder", advice: "name a file in it")
    default: throw refuse(found: "a device, pipe or socket")
    }
    guard let size = Int(exactly: status.st_size), size > 0 else {
      throw FormatError(.truncated, file: path, expected: "a file with content", found: "an empty file")
    }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw refuse(found: String(cString: strerror(errno)))
    }
    let mapped = UnsafeRawBufferPointer(start: address, count: size)
    if FileLook(mapped) == .pointer {
      munmap(address, size)
      throw FormatError(
        .badMagic, file: path, expected: "the file itself", found: FileLook.pointer.name,
        advice: FileLook.pointer.advice)
    }
    self.path = path
    self.descriptor = descriptor
    state = Self.state(status)
    bytes = mapped
    isKept = true
  }

  /// Checks that nobody has written to the file since it was mapped. A file that was replaced or removed since is still
  /// there as it was.
  package func requireUnchanged() throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0, Self.state(status) == state else {
      throw FormatError(
        .unreadable, file: path, expected: "the file as it was when it was opened", found: "a file written to since",
        advice: "read it again; replace a file that is in use by renaming another over it")
    }
  }

  private static func state(_ status: stat) -> [Int] {
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    return [Int(status.st_size), Int(time.tv_sec), Int(time.tv_nsec)]
  }

  deinit {
    munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    close(descriptor)
  }
}
