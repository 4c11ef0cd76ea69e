import CSTCore
import CSTData
import Foundation

/// Replies to a file of prompts, kept one by one beside the file that they are for, so that a run that is stopped goes on.
struct PromptReplies {
  /// What decides the replies: a run goes on only where all of it is the same.
  struct Settings: Codable, Equatable {
    let model: String
    let adapterWeights: String?
    let promptsFile: String
    let system: String?
    let configurations: [String]
    let systemPrompts: [String]
    let temperature: Double
    let topP: Double
    let seed: UInt64
    let maxTokens: Int
  }

  /// A line of the result.
  struct Line: Codable {
    let row: Int
    let configuration: String?
    let messages: [Message]
    let text: String
    let finishReason: String
    let promptTokens: Int
    let completionTokens: Int

    private enum CodingKeys: String, CodingKey {
      case row, configuration, messages, text
      case finishReason = "finish_reason"
      case promptTokens = "prompt_tokens"
      case completionTokens = "completion_tokens"
    }
  }

  private struct Header: Codable { let generate: Settings }

  let out: URL
  let settings: Settings
  /// What is asked, by the number of the reply.
  let questions: [(row: Int, configuration: String?, messages: [Message])]

  private var partial: URL { out.deletingPathExtension().appendingPathExtension("partial.jsonl") }

  /// Replies to what has none yet and writes all of them in order.
  /// - Returns: How many lines were written, or `nil` where the run was stopped.
  func run(with engine: ReplyEngine, interrupt: InterruptFlag) async throws -> Int? {
    var lines = try kept()
    if lines.isEmpty { try begin() }
    let file = try FileHandle(forWritingTo: partial)
    try file.seekToEnd()
    let missing = questions.indices.filter { lines[$0] == nil }
    let progress = SharedProgress()
    progress.show(WorkProgress(.generating, lines.count, of: questions.count))
    let isWhole = try await withThrowingTaskGroup(of: (Int, Reply).self) { group in
      var next = missing[...]
      func start() {
        guard !interrupt.isSet, let number = next.popFirst() else { return }
        group.addTask { (number, try await self.reply(number, with: engine)) }
      }
      for _ in 0..<2 * engine.slots { start() }
      while let (number, reply) = try await group.next() {
        let line = Line(
          row: questions[number].row, configuration: questions[number].configuration,
          messages: questions[number].messages, text: reply.text, finishReason: "\(reply.finishReason)",
          promptTokens: reply.promptTokens, completionTokens: reply.completionTokens)
        let text = String(decoding: try JSONEncoder.rows.encode(line), as: UTF8.self) + "\n"
        lines[number] = text
        try file.write(contentsOf: Data("\(number) \(text)".utf8))
        progress.show(WorkProgress(.generating, lines.count, of: questions.count))
        if interrupt.isSet { group.cancelAll() } else { start() }
        if interrupt.isSet { return false }
      }
      return !interrupt.isSet
    }
    progress.end()
    try file.close()
    guard isWhole, lines.count == questions.count else { return nil }
    try AtomicFile.write(Data(questions.indices.compactMap { lines[$0] }.joined().utf8), to: out)
    try FileManager.default.removeItem(at: partial)
    return lines.count
  }

  private func reply(_ number: Int, with engine: ReplyEngine) async throws -> Reply {
    // Every reply has draws of its own, whichever are made before it.
    let seed = settings.seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
    let sampling = Sampling(temperature: settings.temperature, topP: settings.topP, seed: seed)
    return try await engine.respond(
      to: questions[number].messages, sampling: sampling, maximumTokens: settings.maxTokens)
  }

  // MARK: What is kept

  private func begin() throws {
    let header = try JSONEncoder.rows.encode(Header(generate: settings))
    try AtomicFile.write(header + [UInt8(ascii: "\n")], to: partial)
  }

  /// The lines of an earlier run by the numbers of their replies; what a killed process left of a line is cut off.
  private func kept() throws -> [Int: String] {
    guard FileManager.default.fileExists(atPath: partial.path) else { return [:] }
    let text = String(decoding: try InputText.bytes(ofFile: partial.path), as: UTF8.self)
    let whole = text[..<(text.lastIndex(of: "\n").map { text.index(after: $0) } ?? text.startIndex)]
    var rest = whole.split(separator: "\n")[...]
    let header = rest.popFirst().flatMap { try? JSONDecoder().decode(Header.self, from: Data($0.utf8)) }
    guard header?.generate == settings else {
      throw CommandError(
        "\(partial.path): this is what an earlier run with another model, policy, prompts or options has; remove it to begin "
          + "anew, or give another --out")
    }
    var lines: [Int: String] = [:]
    for line in rest {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let number = Int(parts[0]), questions.indices.contains(number) else {
        throw CommandError("\(partial.path): a line is damaged; remove the file to begin anew")
      }
      lines[number] = parts[1] + "\n"
    }
    if whole.utf8.count != text.utf8.count { try AtomicFile.write(Data(whole.utf8), to: partial) }
    return lines
  }
}
