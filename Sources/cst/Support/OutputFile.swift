import Foundation

/// A file that a command will write at its end.
enum OutputFile {
  /// Looks whether it can be written, before time is spent on what goes into it.
  /// - Throws: ``CommandError``.
  static func check(_ path: String) throws(CommandError) {
    let file = URL(filePath: path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), isFolder.boolValue {
      throw CommandError("\(path): this is a folder; name a file to write")
    }
    let folder = file.deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder) else {
      throw CommandError("\(path): there is no folder \(folder) to write it in")
    }
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw CommandError("\(path): no permission to write in the folder \(folder)")
    }
  }
}
