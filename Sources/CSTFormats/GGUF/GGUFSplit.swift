import Foundation

/// A model in several GGUF files, as `llama-gguf-split` makes them: `NAME-00001-of-00003.gguf` and so on. The first has
/// the metadata.
package enum GGUFSplit {
  private static let countKey = "split.count"
  private static let numberKey = "split.no"
  private static let tensorCountKey = "split.tensors.count"

  /// The names of all parts beside a first one; the file alone where its name is not that of a first part.
  package static func parts(of file: URL) -> [URL] {
    guard let match = file.lastPathComponent.wholeMatch(of: /(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/),
      let count = Int(match.3), (1...9999).contains(count)
    else { return [file] }
    return (1...count).map { number in
      let name = "\(match.1)-\(padded(number))-of-\(match.3).gguf"
      return file.deletingLastPathComponent().appending(path: name, directoryHint: .notDirectory)
    }
  }

  /// The other parts of a model of which the first was opened; none where the file is whole.
  /// - Throws: `FormatError` for another part than the first, naming that, and for one that is missing or another model's.
  static func others(of header: GGUFHeader, _ mapping: MappedFile) throws -> [(file: MappedFile, header: GGUFHeader)] {
    let count = try header.metadata.integerIfPresent(countKey) ?? 1
    guard count > 1 else { return [] }
    let number = try header.metadata.integerIfPresent(numberKey) ?? 0
    let files = parts(of: URL(filePath: mapping.path))
    guard number == 0 else {
      let isNamed = files.count == count
      throw FormatError(
        .badValue, file: mapping.path, at: .key(numberKey),
        expected: "the first of the \(count) parts of a split model",
        found: "part \(number + 1)",
        advice: isNamed
          ? "name \(files[0].lastPathComponent), which has the rest found"
          : "name the first part, NAME-00001-of-\(padded(count)).gguf")
    }
    guard files.count == count else {
      throw FormatError(
        .badValue, file: mapping.path, at: .key(countKey),
        expected: "a file called NAME-00001-of-\(padded(count)).gguf",
        found: "the first of \(count) parts under another name",
        advice: "parts are found by their names: give them back")
    }
    var others: [(file: MappedFile, header: GGUFHeader)] = []
    for (position, file) in files.enumerated().dropFirst() {
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw FormatError(
          .missing, file: mapping.path, expected: "all \(count) parts of the model in one folder",
          found: "no \(file.lastPathComponent)", advice: "fetch it from where this file is from")
      }
      let part = try MappedFile(contentsOf: file)
      let own = try GGUFHeader(part.bytes, file: part.path)
      guard try own.metadata.integerIfPresent(countKey) == count,
        try own.metadata.integerIfPresent(numberKey) == position
      else {
        throw FormatError(
          .badValue, file: part.path, at: .key(numberKey), expected: "part \(position + 1) of \(count)",
          found: "a file of another split")
      }
      others.append((part, own))
    }
    if let stated = try header.metadata.integerIfPresent(tensorCountKey) {
      let found = others.reduce(header.tensors.count) { $0 + $1.header.tensors.count }
      guard stated == found else {
        throw FormatError(
          .badLayout, file: mapping.path, at: .key(tensorCountKey), expected: "\(stated) tensors in all parts",
          found: "\(found)")
      }
    }
    return others
  }

  private static func padded(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
