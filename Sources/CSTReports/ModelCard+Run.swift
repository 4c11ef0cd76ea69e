import CSTCore
import Foundation

extension ModelCard.Section {
  /// What `run.json` of a training run says: model, data and options. Files are named without the folders they were in.
  ///
  /// - Throws: ``FormatError`` where the file cannot be read or is no such record.
  public static func trainingRun(contentsOf file: URL) throws -> ModelCard.Section {
    try decoded(Record.self, from: file, expected: "a run.json", holding: "the record of a training run").section
  }

  /// What a file that `cst` wrote says, its keys in snake case.
  ///
  /// - Throws: ``FormatError`` where the file cannot be read or holds something else.
  static func decoded<Value: Decodable>(
    _: Value.Type, from file: URL, expected: String, holding content: String
  ) throws -> Value {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw FormatError(
        .unreadable, file: file.path, expected: expected, found: UnreadableFile.problem(of: file, error))
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { return try decoder.decodeChecked(from: data) } catch let problem as JSONProblem {
      throw problem.error(in: file.path, expected: content)
    }
  }

  private struct Record: Decodable {
    struct Input: Decodable {
      let path: String
      let sha256: String

      var text: String { "\(URL(filePath: path).lastPathComponent) (SHA-256 \(sha256))" }
    }

    struct Rows: Decodable {
      let rowsUsed: Int
      let pairs: Int
    }

    let version: String
    let model: Input
    let dataFile: Input
    let policyFile: Input?
    let data: Rows
    let options: [String: JSONValue]
    let stepsDone: Int

    var section: ModelCard.Section {
      var rows = [["cst", version], ["base model file", model.text], ["data", dataFile.text]]
      rows.append(["rows, pairs", "\(data.rowsUsed), \(data.pairs)"])
      if let policyFile { rows.append(["policy", policyFile.text]) }
      rows.append(["steps", "\(stepsDone)"])
      for (name, value) in options.sorted(by: { $0.key < $1.key }) where name != "steps" {
        if let text = Self.text(value) { rows.append([Self.words(name), text]) }
      }
      return ModelCard.Section(title: "Training", columns: ["", "value"], rows: rows)
    }

    /// `lora_rank`, or `loraRank` as the decoder has it, as words.
    private static func words(_ name: String) -> String {
      name.map { $0.isUppercase ? " \($0.lowercased())" : $0 == "_" ? " " : String($0) }.joined()
    }

    /// A value as people read it; `nil` for null.
    private static func text(_ value: JSONValue) -> String? {
      switch value {
      case .null: nil
      case .bool(let truth): truth ? "yes" : "no"
      case .number(let number): "\(number)"
      case .string(let text): text
      case .array(let elements): elements.compactMap(text).joined(separator: ", ")
      case .object: nil
      }
    }
  }
}
