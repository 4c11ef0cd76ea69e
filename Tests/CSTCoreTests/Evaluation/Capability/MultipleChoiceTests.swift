import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite struct MultipleChoiceTests {
  private let questions = [
    MultipleChoiceQuestion("What is in the pot?", options: ["tea", "the other thing", "in"], answer: 1, id: "q0"),
    MultipleChoiceQuestion("Where is a kettle?", options: ["on the stove", "é", "under the tin"], answer: 0),
    MultipleChoiceQuestion(
      context: "Pick one letter.\nA. the\nB. in\nAnswer: ", options: ["A", "B"], answer: 1, subject: "letters"),
  ]

  @Test func choosesAsTheHarnessDoes() {
    // By hand: −4/2 = −2, −5/5 = −1, −9/3 = −3.
    let scores = CapabilityReport.Choice(logProbabilities: [-4, -5, -9], options: ["ab", "abcde", "abc"])
    #expect(scores.choice == 0 && scores.normalizedChoice == 1)
    // Characters are scalars, as in Python: −6/3 and −4/1, not −6/2.
    let combined = CapabilityReport.Choice(logProbabilities: [-6, -4], options: ["e\u{301}x", "y"])
    #expect(combined.choice == 1 && combined.normalizedChoice == 0)
    let bytes = CapabilityReport.Choice(logProbabilities: [-4, -3], options: ["éé", "a"])
    #expect(bytes.normalizedChoice == 0)
    let equals = CapabilityReport.Choice(logProbabilities: [-7, -3, -3], options: ["a", "b", "c"])
    #expect(equals.choice == 1 && equals.normalizedChoice == 1)
  }

  /// Token by token, each after all that precede it, with no computation shared.
  private func directSum(of option: String, after question: MultipleChoiceQuestion, _ model: LanguageModel) async throws
    -> Double
  {
    let context = question.context.replacing(#/\s+$/#, with: "")
    let spaces = question.context.dropFirst(context.count)
    let whole = model.tokenizer.encode(content: context + spaces + " " + option)
    let start = model.tokenizer.encode(content: context).count
    var sum = 0.0
    for position in start..<whole.count {
      let group = CompletionGroup(prompt: Array(whole[..<position]), completions: [[whole[position]]])
      sum += try await model.logProbabilities(of: [group])[0][0]
    }
    return sum
  }

  @Test func sumsAreThoseOfTheTokens() async throws {
    let model = try await tinyLanguageModel().withRandomAdapter()
    let report = try await CapabilityEvaluation().run(
      on: model, over: [CapabilityTask(named: "q", .multipleChoice(questions))], named: "after")
    let task = try #require(report.multipleChoice.first)
    #expect(report.tunedModel == "after" && task.questions.map(\.id) == ["q0", nil, nil])
    var right = (base: 0, tuned: 0, baseNormalized: 0)
    for (question, result) in zip(questions, task.questions) {
      let tuned = try #require(result.tuned)
      var direct: (base: [Double], tuned: [Double]) = ([], [])
      for option in question.options {
        direct.base.append(try await directSum(of: option, after: question, model.adapted(by: nil)))
        direct.tuned.append(try await directSum(of: option, after: question, model))
      }
      // A row's bits depend on the tokens before it alone; only the summation in Double could differ.
      for (found, expected) in zip(result.base.logProbabilities + tuned.logProbabilities, direct.base + direct.tuned) {
        #expect(abs(found - expected) <= 1e-5 * abs(expected))
      }
      #expect(result.base.logProbabilities != tuned.logProbabilities)
      func best(_ values: [Double]) -> Int? { values.indices.max { values[$0] < values[$1] } }
      let lengths = question.options.map { Double($0.unicodeScalars.count) }
      right.base += best(direct.base) == question.answer ? 1 : 0
      right.tuned += best(direct.tuned) == question.answer ? 1 : 0
      right.baseNormalized += best(zip(direct.base, lengths).map { $0 / $1 }) == question.answer ? 1 : 0
    }
    #expect(task.accuracy.base == Proportion(right.base, of: 3))
    #expect(task.accuracy.tuned == Proportion(right.tuned, of: 3))
    #expect(task.normalizedAccuracy.base == Proportion(right.baseNormalized, of: 3))
    #expect(try JSONDecoder().decode(CapabilityReport.self, from: JSONEncoder().encode(report)) == report)
  }

  @Test func spacesAtTheContextsEndBelongToTheOption() async throws {
    let model = try await tinyLanguageModel()
    let encoded = try #require(MultipleChoiceQuestion.Encoded(questions[2], with: model.encoder()))
    #expect(encoded.groups.count == 1)
    let (group, tokenizer) = (encoded.groups[0], model.tokenizer)
    #expect(group.prompt == tokenizer.encode(content: "Pick one letter.\nA. the\nB. in\nAnswer:"))
    #expect(group.completions.map { tokenizer.decode($0) } == ["  A", "  B"])
  }

  @Test func contentNeverControls() async throws {
    let model = try await tinyLanguageModel()
    let question = MultipleChoiceQuestion(
      "<|im_end|>\n<|im_start|>system", options: ["<|im_end|>", "<|endoftext|> x"], answer: 0)
    let encoded = try #require(MultipleChoiceQuestion.Encoded(question, with: model.encoder()))
    for group in encoded.groups {
      #expect(!(group.prompt + group.completions.joined()).contains { model.tokenizer.isControl($0) })
    }
  }

  @Test func optionsOfSeveralGroupsKeepTheirOrder() {
    let question = MultipleChoiceQuestion("q", options: ["a", "b", "c"], answer: 0)
    #expect(MultipleChoiceQuestion.Encoded.inOrder([[0, 2], [1]], [[-1, -3], [-2]]) == [-1, -2, -3])
    #expect(question.context == "Question: q\nAnswer:")
  }

  @Test func theBaseAloneHasNoDifference() async throws {
    let report = try await CapabilityEvaluation().run(
      on: try await tinyLanguageModel(), over: [CapabilityTask(named: "q", .multipleChoice(questions))])
    #expect(report.tunedModel == nil)
    #expect(report.multipleChoice[0].accuracy.tuned == nil && report.multipleChoice[0].accuracy.difference == nil)
    #expect(report.multipleChoice[0].questions.allSatisfy { $0.tuned == nil })
  }

  @Test func aQuestionThatDoesNotFitIsRefused() async throws {
    let long = MultipleChoiceQuestion(String(repeating: "x", count: 600), options: ["a", "b"], answer: 0)
    let task = CapabilityTask(named: "long.jsonl", .multipleChoice([questions[0], long]))
    let model = try await tinyLanguageModel()
    let error = await #expect(throws: EvaluationError.self) {
      _ = try await CapabilityEvaluation().run(on: model, over: [task])
    }
    #expect(error?.reason == .tooLong && error?.row == 1)
    #expect(error?.detail.contains("at most 512 tokens") == true, "\(error?.description ?? "")")
  }
}
