import Foundation

/// A file that went into a run.
package struct RunInput: Codable, Sendable {
  package let path: String
  let bytes: Int
  package let sha256: String

  /// - Throws: ``FormatError`` where the file cannot be read.
  package init(_ file: URL) throws(FormatError) {
    path = file.path
    sha256 = try SHA256.digest(ofFile: file)
    bytes = ((try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int) ?? 0
  }

  /// A model; of a folder or a split model, the digest is that of a line for each of its files: its own digest and its name.
  /// - Throws: ``FormatError`` where a file cannot be read.
  package init(_ source: ModelSource) throws {
    let parts = try source.files()
    if case .gguf(let file) = source, parts.count == 1 {
      self = try RunInput(file)
      return
    }
    let files = try parts.map { try RunInput($0) }
    var hash = SHA256()
    for file in files { hash.update("\(file.sha256)  \(URL(filePath: file.path).lastPathComponent)\n".utf8) }
    path = source.location.path
    bytes = files.reduce(0) { $0 + $1.bytes }
    sha256 = hash.digest()
  }
}
