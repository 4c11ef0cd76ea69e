import Foundation

/// Writing a folder of files so that its name never stands for some of them.
///
///     try AtomicFolder.write(to: url) { folder in
///       try AtomicFile.write(configuration, to: folder.appending(path: "config.json"))
///     }
///
/// The files go to a new folder beside it, which then takes the name by renaming. Where anything fails, the error is
/// thrown, the new folder is removed, and what had the name has it still. A process that is *killed* leaves at most hidden
/// folders `.cst-….partial` and, between two renamings, the older folder as `.cst-….old`.
package enum AtomicFolder {
  /// Makes the folder at `url` of the files that `body` puts into the folder it is given. An empty folder in its place is
  /// replaced; a file or a folder with anything in it is an error.
  package static func write(to url: URL, _ body: (URL) throws -> Void) throws {
    let partial = hidden("partial", beside: url)
    do {
      try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: false)
    } catch {
      throw FormatError(
        .unwritable, file: url.path, expected: "a folder that can be made", found: error.localizedDescription)
    }
    do {
      try body(partial)
      try move(partial, to: url)
    } catch {
      try? FileManager.default.removeItem(at: partial)
      throw error
    }
  }

  /// Gives the file or folder at `source` the name of `target` beside it, in one step where nothing, an empty folder or (for
  /// a file) a file has that name. A folder with files in it is put aside first and removed at the end.
  package static func move(_ source: URL, to target: URL, replacing: Bool = false) throws {
    if rename(source.path, target.path) == 0 { return try AtomicFile.flush(folder: parent(of: target).path) }
    guard replacing, errno == ENOTEMPTY || errno == EEXIST else { throw renamingError(target) }
    let old = hidden("old", beside: target)
    guard rename(target.path, old.path) == 0 else { throw renamingError(target) }
    guard rename(source.path, target.path) == 0 else {
      let error = renamingError(target)
      rename(old.path, target.path)
      throw error
    }
    try AtomicFile.flush(folder: parent(of: target).path)
    do { try FileManager.default.removeItem(at: old) } catch {
      throw FormatError(
        .unwritable, file: old.path, expected: "the older folder to be removed", found: error.localizedDescription)
    }
  }

  /// A name that nothing has, in the folder that `url` is in.
  package static func hidden(_ purpose: String, beside url: URL) -> URL {
    let token = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    return parent(of: url).appending(path: ".cst-\(token).\(purpose)")
  }

  private static func parent(of url: URL) -> URL { url.standardizedFileURL.deletingLastPathComponent() }

  private static func renamingError(_ target: URL) -> FormatError {
    FormatError(
      .unwritable, file: target.path, expected: "renaming to succeed", found: String(cString: strerror(errno)))
  }
}
