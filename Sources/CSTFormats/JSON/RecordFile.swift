import Foundation

/// JSON that this project writes about its own work: keys sorted and in snake case, so that equal values are equal texts;
/// dates as ISO 8601.
package enum RecordFile {
  /// A value as text.
  package static func text(_ value: some Encodable, _ style: JSONEncoder.OutputFormatting = []) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, style]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Writes a value over several lines, for people to read.
  package static func write(_ value: some Encodable, to file: URL) throws {
    try AtomicFile.write(Data((text(value, .prettyPrinted) + "\n").utf8), to: file)
  }

  package static func read<Value: Decodable>(
    _: Value.Type = Value.self, from file: URL, expected: String, holding content: String
  ) throws -> Value {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw FormatError(
        .unreadable, file: file.path, expected: expected, found: UnreadableFile.problem(of: file, error))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .iso8601
    do { return try decoder.decodeChecked(from: data) } catch let problem as JSONProblem {
      throw problem.error(in: file.path, expected: content)
    }
  }
}
