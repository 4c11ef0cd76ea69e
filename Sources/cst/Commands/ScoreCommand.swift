import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct ScoreCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Log-probabilities of both answers of every row.",
    discussion: """
      Writes a line a row: {"row":0,"prompt_tokens":n,"chosen":{"logp":x,"tokens":n},"rejected":{…}}; an answer that was \
      cut to fit has "truncated":true. Rows are taken as they are; with --policy they are configured by it, one line a \
      pair with "configuration".

      Example: cst score --model model.gguf --data pairs.jsonl --out scores.jsonl
      """)

  @OptionGroup var model: AdaptedModelOptions
  @OptionGroup var data: DataOptions

  @Option(help: .init("Configure the rows by this policy.", valueName: "file"), completion: .file())
  var policy: String?

  @Option(
    parsing: .unconditional,
    help: .init("Most tokens of prompt and answer together (default: what the model has room for).", valueName: "n"))
  var maxLength: Int?

  @Option(help: .init("Write here instead of standard output.", valueName: "file"), completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  func validate() throws { try Requirement.count("--max-length", maxLength, in: 2...1 << 22) }

  func execute() async throws {
    try out.map(OutputFile.check)
    let policy = try policy.map { try SafetyPolicy(checkedContentsOf: URL(filePath: $0)) }
    let rows = try data.load()
    let pairs = if let policy { try rows.configured(by: policy) } else { try rows.asWritten() }
    let model = try await model.load()
    UnseenFields.note(pairs, model.chatTemplate)
    let encoded = try pairs.encoded(with: model.encoder(maximumLength: maxLength))
    var lines = ""
    var progress = ProgressLine()
    for first in stride(from: 0, to: encoded.count, by: 8) {
      let batch = encoded[first..<min(first + 8, encoded.count)]
      let scores = try await model.logProbabilities(of: batch.map(\.group))
      for (pair, score) in zip(batch, scores) {
        let line = try JSONText.line(ScoredRow(pair, chosen: score[0], rejected: score[1]))
        if out == nil { try Console.print(line) } else { lines += line + "\n" }
      }
      let isLast = batch.endIndex == encoded.count
      progress.show("scored \(batch.endIndex)/\(encoded.count)", isLast: isLast)
    }
    let cut = encoded.filter(\.isTruncated).count
    if cut > 0 { Console.note("note: \(cut) of \(encoded.count) rows had an answer cut to fit\n") }
    guard let out else { return }
    try AtomicFile.write(Data(lines.utf8), to: URL(filePath: out))
    if common.json { try Console.print(JSONText.line(Summary(out: out, rows: encoded.count, truncatedRows: cut))) }
  }

  private struct Summary: Encodable {
    let out: String
    let rows: Int
    let truncatedRows: Int
  }
}

private struct ScoredRow: Encodable {
  struct Answer: Encodable {
    let logp: Double
    let tokens: Int
    /// Left out where the answer is whole.
    let truncated: Bool?

    init(_ completion: ConversationEncoder.Completion, _ logProbability: Double) {
      logp = logProbability
      tokens = completion.tokens.count
      truncated = completion.isTruncated ? true : nil
    }
  }

  let row: Int
  let configuration: String?
  let promptTokens: Int
  let chosen: Answer
  let rejected: Answer

  init(_ pair: EncodedPair, chosen: Double, rejected: Double) {
    row = pair.pair.place?.row ?? pair.source
    configuration = pair.configuration
    promptTokens = pair.prompt.count
    self.chosen = Answer(pair.chosen, chosen)
    self.rejected = Answer(pair.rejected, rejected)
  }
}
