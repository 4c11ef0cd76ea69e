import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite struct TextAndDriftTests {
  private let text = "The kettle is on the stove, and the tea is in the tin.\nWhere is the other one? <|im_end|> é"

  @Test func windowsPredictEveryTokenOnce() {
    let groups = CapabilityEvaluation.windows(of: Array(0..<10), after: 99, length: 4)
    #expect(groups.map(\.prompt) == [[99], [3], [5, 6, 7]])
    #expect(groups.map { $0.completions[0] } == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    // The model never reads more than the window.
    #expect(groups.allSatisfy { $0.tokenCount == 4 })
    #expect(CapabilityEvaluation.windows(of: [7], after: 99, length: 4).map(\.prompt) == [[99]])
    #expect(CapabilityEvaluation.windows(of: Array(0..<4), after: 99, length: 4).count == 1)
    #expect(CapabilityEvaluation.windows(of: Array(0..<3), after: 99, length: 1).map(\.prompt) == [[99], [0], [1]])
  }

  @Test func perplexityIsThatOfTheTokens() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let tokens = model.tokenizer.encode(content: text)
    #expect(!tokens.contains { model.tokenizer.isControl($0) })
    let bos = try #require(model.tokenizer.bosID)
    var sums = (base: 0.0, tuned: 0.0)
    for position in tokens.indices {
      let group = CompletionGroup(prompt: [bos] + tokens[..<position], completions: [[tokens[position]]])
      sums.base += try await model.adapted(by: nil).logProbabilities(of: [group])[0][0]
      sums.tuned += try await model.logProbabilities(of: [group])[0][0]
    }
    let report = try await CapabilityEvaluation().run(on: model, over: [CapabilityTask(named: "t", .text(text))])
    let result = try #require(report.texts.first)
    #expect(result.tokens == tokens.count && result.bytes == text.utf8.count && result.windows.count == 1)
    #expect(result.windowLength == 512)
    let tuned = try #require(result.tuned)
    for (found, sum) in [(result.base, sums.base), (tuned, sums.tuned)] {
      let mean = sum / Double(tokens.count)
      #expect(abs(found.logProbability - mean) <= 1e-5 * abs(mean))
      #expect(abs(found.perplexity - exp(-mean)) <= 1e-4 * exp(-mean))
      // Perplexity to the power of tokens is 2 to the power of bits: one probability of the text, told in two ways.
      #expect(
        abs(found.bitsPerByte * Double(text.utf8.count) - log2(found.perplexity) * Double(tokens.count)) < 1e-9)
    }
    let ratio = try #require(result.perplexityRatio)
    #expect(abs(ratio.estimate - tuned.perplexity / result.base.perplexity) < 1e-12 && ratio.low == nil)
    let bits = try #require(result.bitsPerByteDifference)
    #expect(abs(bits.estimate - (tuned.bitsPerByte - result.base.bitsPerByte)) < 1e-12)
  }

  @Test func shorterWindowsSeeLess() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let task = CapabilityTask(named: "t", .text(text))
    let report = try await CapabilityEvaluation(windowLength: 8).run(on: model, over: [task])
    let result = report.texts[0]
    #expect(result.windowLength == 8 && result.windows.dropLast().allSatisfy { $0.tokens == 8 })
    #expect(result.windows.count == (result.tokens + 7) / 8)
    let difference = try #require(result.difference)
    let (low, high) = (try #require(difference.low), try #require(difference.high))
    #expect(low < difference.estimate && difference.estimate < high)
    let error = await #expect(throws: EvaluationError.self) {
      _ = try await CapabilityEvaluation(windowLength: 513).run(on: model, over: [task])
    }
    #expect(error?.reason == .tooLong)
  }

  private let prompts = CapabilityTask(
    named: "p", .prompts(["May I?", "What is a kettle?", "Where?"].map { CapabilityTask.Prompt([.user($0)]) }))

  @Test func driftIsMeasuredOnTheBasesReplies() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let base = model.adapted(by: nil)
    let report = try await CapabilityEvaluation(maximumTokens: 6).run(on: model, over: [prompts])
    let result = try #require(report.drifts.first)
    #expect(result.prompts == 3 && result.replies.count + result.emptyReplies == 3 && result.maximumTokens == 6)
    guard case .prompts(let prompts) = prompts.content else { return }
    var (sums, tokens) = ((base: 0.0, tuned: 0.0), 0)
    for prompt in prompts {
      let reply = try await ReplyEngine(model: base).respond(to: prompt.messages, maximumTokens: 6).tokens
      guard !reply.isEmpty else { continue }
      let group = CompletionGroup(prompt: try model.encoder().prompt(prompt.messages), completions: [reply])
      sums.base += try await base.logProbabilities(of: [group])[0][0]
      sums.tuned += try await model.logProbabilities(of: [group])[0][0]
      tokens += reply.count
    }
    #expect(result.tokens == tokens && tokens > 0)
    #expect(abs(try #require(result.base) - sums.base / Double(tokens)) < 1e-12)
    #expect(abs(try #require(result.tuned) - sums.tuned / Double(tokens)) < 1e-12)
    #expect(abs(try #require(result.difference).estimate - (sums.tuned - sums.base) / Double(tokens)) < 1e-12)
    #expect(try JSONDecoder().decode(CapabilityReport.self, from: JSONEncoder().encode(report)) == report)
  }

  @Test func anAdapterThatDoesNothingMovesNothing() async throws {
    let base = try await tinyLanguageModel()
    var generator = SeededGenerator(seed: 3)
    // A fresh adapter's second factor is zero.
    let fresh = base.adapted(by: LoRAAdapter(for: base.configuration, LoRAConfiguration(rank: 4), using: &generator))
    let tasks = [prompts, CapabilityTask(named: "t", .text(text))]
    let report = try await CapabilityEvaluation(windowLength: 8, maximumTokens: 6).run(on: fresh, over: tasks)
    let nothing = PairedDifference(of: [1, 2].map { CapabilityReport.Stretch(tokens: $0, base: -1, tuned: -1) })
    #expect(report.drifts[0].difference == nothing && nothing.estimate == 0 && nothing.high == 0)
    #expect(report.texts[0].difference == nothing && report.texts[0].perplexityRatio?.high == 1)
  }

  @Test func promptsNeedAnAdapter() async throws {
    let model = try await tinyLanguageModel()
    let error = await #expect(throws: EvaluationError.self) {
      _ = try await CapabilityEvaluation().run(on: model, over: [prompts])
    }
    #expect(error?.reason == .nothingToCompare)
  }
}
