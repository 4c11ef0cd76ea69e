import Foundation

/// Why a file could not be read, in words for people: Foundation's own messages name error domains for most causes.
package enum UnreadableFile {
  /// What is wrong with `file` and what to do.
  /// - Parameter error: What reading it threw; used where the cause is none of the usual ones.
  package static func problem(of file: URL, _ error: any Error) -> String {
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) {
      return "no such file; check the path"
    }
    if isFolder.boolValue { return "this is a folder; name a file in it" }
    if !FileManager.default.isReadableFile(atPath: file.path) { return "no permission; check the file's permissions" }
    return error.localizedDescription
  }
}
