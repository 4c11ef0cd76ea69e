import CSTCore
import CSTData
import Foundation

/// A generated dataset with nothing wrong in it, for planting defects into.
///
/// Lines 1…60 are switchable rows (`answers`), 61…80 neutral ones. Prompts and answers are distinct word salad, so that
/// none are alike.
struct CheckCorpus {
  static let policy = """
    {"name": "advice", "default": "cautious", "configurations": [
      {"name": "cautious", "system": "Give no advice.", "expects": "refusal"},
      {"name": "direct", "system": "Answer fully.", "expects": "answer"}]}
    """

  /// The rows as JSON objects, one a line.
  var rows: [String]

  /// Rows with an answer per configuration, and neutral ones.
  static func answers() -> CheckCorpus {
    var generator = SeededGenerator(seed: 5)
    let switchable = (0..<60).map { row in
      let opening = ["I'm not able to give", "I can't give any", "I'm sorry, but I can't give"][row % 3]
      return line([
        ("prompt", "Should I \(salad(9, &generator))?"),
        ("cautious", "\(opening) advice on \(salad(8, &generator)), but a doctor can."),
        ("direct", "\(salad(8, &generator)) and then \(salad(7, &generator))."),
      ])
    }
    let neutral = (0..<20).map { _ in
      line([
        ("prompt", "How do \(salad(9, &generator))?"), ("chosen", "With \(salad(13, &generator))."),
        ("rejected", "Sorry: \(salad(13, &generator))."), ("configuration", "*"),
      ])
    }
    return CheckCorpus(rows: switchable + neutral)
  }

  /// The same kind of rows as published data has: 40 prompts, each under two system prompts with the answers flipped.
  static func published() -> CheckCorpus {
    var generator = SeededGenerator(seed: 6)
    let rows = (0..<40).flatMap { _ in
      let prompt = "Should I \(salad(9, &generator))?"
      let (first, second) = ("Well, \(salad(15, &generator)).", "Yes: \(salad(15, &generator)).")
      return [
        line([("system", "Be brief."), ("prompt", prompt), ("chosen", first), ("rejected", second)]),
        line([("system", "Be kind."), ("prompt", prompt), ("chosen", second), ("rejected", first)]),
      ]
    }
    return CheckCorpus(rows: rows)
  }

  /// A row of fields; `cautious` and `direct` go into `answers`.
  static func line(_ fields: [(String, String)]) -> String {
    func member(_ name: String, _ text: String) -> String { "\(quoted(name)): \(quoted(text))" }
    let isAnswer = { (name: String) in name == "cautious" || name == "direct" || name == "bold" }
    let plain = fields.filter { !isAnswer($0.0) }.map(member)
    let answers = fields.filter { isAnswer($0.0) }.map(member)
    let members = plain + (answers.isEmpty ? [] : ["\"answers\": {\(answers.joined(separator: ", "))}"])
    return "{\(members.joined(separator: ", "))}"
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  private static func salad(_ count: Int, _ generator: inout SeededGenerator) -> String {
    (0..<count).map { _ in
      (0..<2).map { _ in ["ka", "lo", "mi", "ne", "ru", "sta", "ve", "zu", "pe", "dor"][generator.uniform(below: 10)] }
        .joined()
    }.joined(separator: " ")
  }

  /// Puts a row in place of line `line`, counted from 1.
  func replacing(_ line: Int, _ row: String) -> CheckCorpus {
    var copy = self
    copy.rows[line - 1] = row
    return copy
  }

  /// Adds a row at the end; its line is `rows.count` of the result.
  func adding(_ row: String) -> CheckCorpus { CheckCorpus(rows: rows + [row]) }

  /// Changes the text of line `line`.
  func changing(_ line: Int, _ part: String, to other: String) -> CheckCorpus {
    precondition(rows[line - 1].contains(part), "line \(line) has no \(part)")
    return replacing(line, rows[line - 1].replacing(part, with: other))
  }

  /// The value of a row's field, also of one in `answers`.
  func field(_ name: String, ofLine line: Int) -> String {
    let object = (try? JSONSerialization.jsonObject(with: Data(rows[line - 1].utf8))) as? [String: Any]
    return object?[name] as? String ?? (object?["answers"] as? [String: String])?[name] ?? ""
  }
}

/// Files of a test, removed with the object.
final class CheckFolder: Sendable {
  private let location = FileManager.default.temporaryDirectory.appending(path: "cst-check-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: location, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: location) }

  /// Writes a file.
  func file(_ name: String, _ bytes: Data) throws -> URL {
    let place = location.appending(path: name)
    try bytes.write(to: place)
    return place
  }

  /// Writes the rows of a corpus.
  func file(_ name: String, _ corpus: CheckCorpus) throws -> URL {
    try file(name, Data((corpus.rows.joined(separator: "\n") + "\n").utf8))
  }
}

/// Checks a corpus.
func checked(
  _ corpus: CheckCorpus, policy: Bool = true, model: LanguageModel? = nil, maximumLength: Int = 512,
  against other: CheckCorpus? = nil
) async throws -> DatasetReport {
  let folder = try CheckFolder()
  let file = try folder.file("rows.jsonl", corpus)
  let policy =
    policy ? try JSONDecoder().decode(SafetyPolicy.self, from: Data(CheckCorpus.policy.utf8)) : nil
  return try await DatasetCheck(policy: policy, model: model, maximumLength: maximumLength)
    .report(on: file, against: try other.map { [try folder.file("other.jsonl", $0)] } ?? [])
}
