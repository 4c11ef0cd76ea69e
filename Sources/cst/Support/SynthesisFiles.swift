import CSTCore
import CSTData
import Foundation

/// The files of one run of `cst synth`: the rows where the user wants them, the others beside them.
struct SynthesisFiles {
  let rows: URL
  /// A line a rejected prompt. It can be used as a file of prompts again.
  let rejected: URL
  /// Every reply of the teacher, as soon as it is known.
  let journal: URL
  /// What the run was made of and what came of it.
  let record: URL

  /// - Parameter inputs: Files that are read.
  init(out: String, inputs: [String]) throws(CommandError) {
    rows = URL(filePath: out)
    let stem = ["jsonl", "json"].contains(rows.pathExtension.lowercased()) ? rows.deletingPathExtension() : rows
    func beside(_ ending: String) -> URL {
      stem.deletingLastPathComponent().appending(path: "\(stem.lastPathComponent).\(ending)")
    }
    rejected = beside("rejected.jsonl")
    journal = beside("journal.jsonl")
    record = beside("run.json")
    try OutputFile.check([rows, rejected, journal, record].map(\.path), inputs: inputs)
    let manager = FileManager.default
    guard !manager.fileExists(atPath: journal.path) else { return }
    if let file = [rows, rejected, record].first(where: { manager.fileExists(atPath: $0.path) }) {
      throw CommandError(
        "\(file.path): this file was not written by cst synth (there is no \(journal.lastPathComponent) beside it); "
          + "move it away, or give another --out")
    }
  }

  /// Writes what came of all prompts. Each file appears whole or not at all.
  func save(_ outcomes: [SynthesisOutcome]) throws {
    var lines = Data()
    for outcome in outcomes {
      guard let rejection = outcome.rejection else { continue }
      lines +=
        try JSONEncoder.rows.encode(RejectedRow(prompt: outcome.prompt, rejection: rejection)) + [UInt8(ascii: "\n")]
    }
    try AtomicFile.write(lines, to: rejected)
    try outcomes.compactMap(\.pair).write(to: rows)
  }
}

/// A line of the rejected prompts: the prompt as a file of prompts has it, and why nothing came of it.
private struct RejectedRow: Encodable {
  let prompt: SynthesisPrompt
  let rejection: RejectedPrompt

  private enum Key: String, CodingKey {
    case reason, detail, answer
    case answerConfiguration = "answer_configuration"
  }

  func encode(to encoder: any Encoder) throws {
    try prompt.encode(to: encoder)
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(rejection.reason, forKey: .reason)
    try fields.encode(rejection.detail, forKey: .detail)
    try fields.encodeIfPresent(rejection.configuration, forKey: .answerConfiguration)
    try fields.encodeIfPresent(rejection.answer, forKey: .answer)
  }
}
