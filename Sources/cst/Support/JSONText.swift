import CSTCore

/// JSON as the tool writes it: keys sorted and in snake case, so that equal results are equal texts.
enum JSONText {
  /// A value on one line.
  static func line(_ value: some Encodable) throws -> String { try RecordFile.text(value) }

  /// A value over several lines, for people.
  static func document(_ value: some Encodable) throws -> String { try RecordFile.text(value, .prettyPrinted) + "\n" }
}
