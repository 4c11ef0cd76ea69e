import Foundation

/// A folder whose files come from one place, as model hubs give them: files are opened by plain names, and nothing
/// outside the folder is ever opened.
///
/// A link that leads out of the folder is refused. The one exception is the layout of Hugging Face's download cache,
/// where `snapshots/REVISION/FILE` is a link to a file in `blobs` beside `snapshots`.
package struct ModelFolder: Sendable, Hashable {
  package let location: URL

  package init(_ location: URL) throws {
    guard Self.isFolder(location) else {
      throw FormatError(.unreadable, file: location.path, expected: "a folder", found: "no such folder")
    }
    self.location = location.resolvingSymlinksInPath()
  }

  /// Whether there is a folder, or a link to one.
  package static func isFolder(_ location: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: location.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  package var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: location.path)) ?? []).sorted() }

  /// The file called `name`, or nil where there is none.
  package func fileIfPresent(_ name: String) throws -> URL? {
    guard Self.isPlain(name) else { throw refusal(of: name, found: "another path") }
    let file = location.appending(path: name, directoryHint: .notDirectory)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let target = file.resolvingSymlinksInPath()
    guard target != file else { return file }
    let parent = target.deletingLastPathComponent()
    guard parent.path == location.path || parent.path == blobs?.path else {
      throw refusal(of: name, found: "a link to \(target.path)")
    }
    return target
  }

  package func file(_ name: String, advice: String = "") throws -> URL {
    guard let file = try fileIfPresent(name) else {
      throw FormatError(
        .missing, file: location.path, expected: "a file \(name)", found: "none in the folder", advice: advice)
    }
    return file
  }

  /// Where the download cache keeps the files that its snapshots link to.
  private var blobs: URL? {
    let snapshots = location.deletingLastPathComponent()
    return snapshots.lastPathComponent == "snapshots"
      ? snapshots.deletingLastPathComponent().appending(path: "blobs", directoryHint: .notDirectory) : nil
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".."
      && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0.value < 32 }
  }

  private func refusal(of name: String, found: String) -> FormatError {
    FormatError(
      .badValue, file: location.path, expected: "the name of a file in this folder", found: "'\(name)', \(found)",
      advice: "nothing outside the folder is opened; copy the files into it")
  }
}
