import Foundation

/// Writing a file so that its name never stands for half of it.
///
///     try AtomicFile.write(to: url) { output in
///       try output.write(header)
///       try output.write(weights)
///     }
///
/// The content goes to a new file in the same folder, is flushed to the disk, and takes the name by renaming, which
/// replaces an older file in one step; then the folder is flushed. Where anything fails, the error is thrown, the new
/// file is removed and an older one is untouched. A process that is *killed* leaves the older file untouched too, and at
/// most a hidden `.cst-….partial` beside it.
///
/// An older file's permissions are kept; a symbolic link is followed, not replaced.
package enum AtomicFile {
  /// The place content is written to, in order; valid only inside the closure it is given to.
  package struct Output: ~Copyable {
    private let descriptor: Int32
    private let path: String

    fileprivate init(descriptor: Int32, path: String) {
      self.descriptor = descriptor
      self.path = path
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0 {
          if errno == EINTR { continue }
          throw systemError(path, "writing")
        }
        rest = rest.dropFirst(written)
      }
    }

    package func write(_ bytes: some ContiguousBytes) throws { try bytes.withUnsafeBytes { try write($0) } }
  }

  /// Writes what `body` appends to its output as the file at `url`, in place of any older one.
  ///
  /// Append in large pieces: each call is a call to the system.
  package static func write(to url: URL, _ body: (borrowing Output) throws -> Void) throws {
    let target = url.resolvingSymlinksInPath()
    let path = target.path
    let folder = target.deletingLastPathComponent().path
    var status = stat()
    let mode: mode_t? = stat(path, &status) == 0 ? status.st_mode : nil
    if let mode, mode & S_IFMT != S_IFREG {
      throw FormatError(
        .unwritable, file: path, expected: "a file or nothing of that name", found: "a folder or device")
    }
    let token = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let partial = folder + "/.cst-\(token).partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw systemError(path, "creating a file in \(folder)") }
    var isOpen = true
    do {
      if let mode { _ = fchmod(descriptor, mode & 0o7777) }
      try body(Output(descriptor: descriptor, path: path))
      guard fsync(descriptor) == 0 else { throw systemError(path, "flushing") }
      isOpen = false
      guard close(descriptor) == 0 else { throw systemError(path, "closing") }
      guard rename(partial, path) == 0 else { throw systemError(path, "renaming") }
    } catch {
      if isOpen { close(descriptor) }
      unlink(partial)
      throw error
    }
    try flush(folder: folder)
  }

  /// Writes `bytes` as the file at `url`, in place of any older one.
  package static func write(_ bytes: some ContiguousBytes, to url: URL) throws {
    try write(to: url) { try $0.write(bytes) }
  }

  /// Makes a folder, and those it is in, where they are not there.
  package static func makeFolder(_ url: URL) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw FormatError(
        .unwritable, file: url.path, expected: "a folder that can be made", found: error.localizedDescription)
    }
  }

  /// Makes the renaming itself durable.
  package static func flush(folder: String) throws {
    // A folder one may write to but not list cannot be opened; the file is complete all the same.
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // Some file systems cannot flush folders and say so with EINVAL or ENOTSUP.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw systemError(folder, "flushing the folder")
    }
  }

  private static func systemError(_ path: String, _ action: String) -> FormatError {
    let message = String(cString: strerror(errno))
    return FormatError(.unwritable, file: path, expected: "\(action) to succeed", found: message)
  }
}
