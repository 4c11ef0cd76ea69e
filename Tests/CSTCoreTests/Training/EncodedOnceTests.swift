import CSTData
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import CSTCore

/// Every conversation that has to be rendered and tokenised is so once, and nothing else is.
///
/// What is needed for a row: under each configuration it holds for, the prompt, and each answer that a pair compares
/// after that prompt. A system prompt makes another conversation, and an answer's tokens are found behind its prompt's:
/// with k configurations a row of k answers needs k·(1 + k) renderings, a neutral row k·(1 + 2).
@Suite struct EncodedOnceTests {
  /// What was rendered.
  private final class Log: Sendable {
    private let all = Mutex<[[Message]]>([])

    /// What was rendered since the last time, in an order of its own.
    func take() -> [String] {
      all.withLock { all in
        defer { all = [] }
        return all.map(EncodedOnceTests.text).sorted()
      }
    }

    func add(_ messages: [Message]) { all.withLock { $0.append(messages) } }
  }

  private let log = Log()
  private let questions = ["May I eat snow?", "Is tea good for a cold?"]

  private static func text(_ messages: [Message]) -> String {
    messages.map { "\($0.role.rawValue): \($0.content)" }.joined(separator: "\n")
  }

  private func model() async throws -> LanguageModel {
    var model = try await tinyLanguageModel()
    model.encodingObserver = log.add
    return model
  }

  private func policy(_ count: Int) throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "advice",
      configurations: (0..<count).map { SafetyConfiguration(name: "c\($0)", systemPrompt: "Be number \($0).") },
      defaultName: "c0")
  }

  /// Two rows with an answer per configuration, and a neutral one.
  private func rows(_ count: Int) -> [PreferencePair] {
    let answers = Dictionary(uniqueKeysWithValues: (0..<count).map { ("c\($0)", "Answer \($0).") })
    return questions.map { PreferencePair(prompt: [.user($0)], answers: .byConfiguration(answers)) }
      + [
        PreferencePair(
          prompt: [.user("What is a kettle?")],
          answers: .ranked(chosen: "A pot.", rejected: "No.", scope: .everyConfiguration))
      ]
  }

  /// The conversations that `rows(count)` need.
  private func needed(_ count: Int) -> [String] {
    (0..<count).flatMap { number -> [String] in
      let answers = (0..<count).map { "Answer \($0)." }
      let rows = questions.map { ($0, answers) } + [("What is a kettle?", ["A pot.", "No."])]
      return rows.flatMap { question, answers in
        let prompt: [Message] = [.system("Be number \(number)."), .user(question)]
        return [Self.text(prompt)] + answers.map { Self.text(prompt + [.assistant($0)]) }
      }
    }.sorted()
  }

  @Test(arguments: [2, 3, 4]) func ofPairs(count: Int) async throws {
    let model = try await model()
    let pairs = try rows(count).configured(by: policy(count))
    let encoded = try pairs.encoded(with: model.encoder())
    let rendered = log.take()
    #expect(rendered == needed(count))
    #expect(rendered.count == 2 * count * (1 + count) + count * 3)
    let alone = try pairs.map { try EncodedPair($0, with: model.encoder()) }
    #expect(encoded == alone)
  }

  @Test func textsThatDifferInHowAccentsAreComposedAreOthers() async throws {
    let model = try await model()
    let pairs = ["caf\u{E9}", "cafe\u{301}"].map { text in
      ConfiguredPair(prompt: [.user(text)], chosen: text, rejected: "x", configuration: nil, source: 0)
    }
    #expect(pairs[0] == pairs[1])
    let encoded = try pairs.encoded(with: model.encoder())
    #expect(encoded[0].prompt != encoded[1].prompt && encoded[0].chosen != encoded[1].chosen)
  }

  @Test func inTraining() async throws {
    let trainer = DPOTrainer(model: try await model(), adapter: LoRAConfiguration(rank: 2))
    let pairs = try rows(2).configured(by: policy(2))
    let plan = TrainingPlan(length: .steps(2), batchSize: 2)
    for try await _ in trainer.run(on: pairs, plan: plan) {}
    #expect(log.take() == needed(2))
    let encoded = try pairs.encoded(with: trainer.encoder)
    #expect(log.take() == needed(2))
    for try await _ in trainer.run(on: encoded, plan: plan) {}
    #expect(log.take() == [])
  }

  @Test func inAnEvaluation() async throws {
    let model = try await model()
    let evaluation = ControllabilityEvaluation(policy: try policy(2), maximumTokens: 2, preferenceMeasure: .reward)
    let report = try await evaluation.run(on: model.withRandomAdapter(), over: rows(2))
    #expect(log.take() == needed(2))
    let pairs = try rows(2).configured(by: policy(2)).encoded(with: model.encoder())
    _ = log.take()
    let evidence = [
      try await evaluation.evidence(of: model.withRandomAdapter(), named: "model", over: pairs),
      try await evaluation.evidence(of: model, named: "base", over: pairs),
    ]
    #expect(log.take() == [])
    #expect(try evaluation.report(on: [evidence[0]], model: model) == report)
  }

  /// The two sides have a template and a tokenizer each, and that they agree is what is looked at.
  @Test func onEachSideOfAReplay() async throws {
    let model = try await model()
    _ = try await ExportReplay(of: rows(3), under: policy(3)).run(original: model, exported: model, tolerance: 0)
    #expect(log.take() == (needed(3) + needed(3)).sorted())
  }

  @Test func inACheckOfADataset() async throws {
    let check = DatasetCheck(policy: try policy(3), model: try await model())
    _ = try await check.report(on: rows(3))
    #expect(log.take() == needed(3))
  }
}
