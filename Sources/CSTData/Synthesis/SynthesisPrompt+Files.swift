import CSTCore
import Foundation

extension [SynthesisPrompt] {
  /// Reads prompts: a `.txt` file with one question a line, or rows of JSON as ``SynthesisPrompt/init(from:)`` takes them,
  /// as JSONL or as one list. Blank lines are no prompts.
  ///
  /// - Throws: ``DatasetError`` naming the file, the line and the field of the first row that cannot be read.
  public init(contentsOf file: URL) throws(DatasetError) {
    let data = try Data(mapping: file)
    if file.pathExtension.lowercased() == "txt" {
      guard let text = String(validating: data, as: UTF8.self) else {
        throw DatasetError(reason: .invalidUTF8, file: file, detail: "the file is not UTF-8 text")
      }
      self = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty }.map { SynthesisPrompt($0) }
    } else {
      let rows = RowDecoder(data, from: file)
      self = try rows.all { row throws(RowDecoder.Problem) in try rows.value(SynthesisPrompt.self, at: row) }
    }
  }
}
