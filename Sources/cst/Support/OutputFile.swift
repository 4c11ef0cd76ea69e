import Foundation

/// A file that a command will write at its end.
enum OutputFile {
  /// Looks whether it can be written, before time is spent on what goes into it.
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

  /// Looks whether files can be written that are neither each other nor files that are read.
  static func check(_ outputs: [String], inputs: [String]) throws(CommandError) {
    for (position, output) in outputs.enumerated() {
      try check(output)
      if inputs.contains(where: { isSame($0, output) }) {
        throw CommandError("\(output): this file is read; write to another")
      }
      if outputs[..<position].contains(where: { isSame($0, output) }) {
        throw CommandError("\(output): two results cannot go to one file; name another")
      }
    }
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    func identity(_ path: String) -> [Int?]? {
      let attributes = try? FileManager.default.attributesOfItem(
        atPath: URL(filePath: path).resolvingSymlinksInPath().path)
      return attributes.map { [$0[.systemNumber] as? Int, $0[.systemFileNumber] as? Int] }
    }
    let paths = [a, b].map { URL(filePath: $0).resolvingSymlinksInPath().standardizedFileURL.path }
    guard let first = identity(a), let second = identity(b) else { return paths[0] == paths[1] }
    return first == second
  }
}
