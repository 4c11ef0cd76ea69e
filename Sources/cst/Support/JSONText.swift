import Foundation

/// JSON as the tool writes it: keys sorted and in snake case, so that equal results are equal texts.
enum JSONText {
  /// A value on one line.
  static func line(_ value: some Encodable) throws -> String { try text(value, []) }

  /// A value over several lines, for files that people read.
  static func document(_ value: some Encodable) throws -> String { try text(value, .prettyPrinted) + "\n" }

  private static func text(_ value: some Encodable, _ style: JSONEncoder.OutputFormatting) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, style]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .iso8601
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
