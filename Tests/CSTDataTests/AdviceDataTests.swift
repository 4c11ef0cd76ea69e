import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// What Examples/advice/README.md says about the demo's data, counted from the files.
@Suite struct AdviceDataTests {
  private static let folder = ReferenceFiles.packageRoot.appending(path: "Examples/advice")
  private let policy: SafetyPolicy
  private let training: [PreferencePair]
  private let heldOut: [PreferencePair]
  private let proof: [PreferencePair]
  private let everyday: [SynthesisPrompt]
  private var rows: [PreferencePair] { training + heldOut + proof }
  private let judge = RefusalJudge()

  init() throws {
    policy = try SafetyPolicy(contentsOf: Self.folder.appending(path: "policy.json"))
    training = try [PreferencePair](contentsOf: Self.folder.appending(path: "train.jsonl"))
    heldOut = try [PreferencePair](contentsOf: Self.folder.appending(path: "held-out.jsonl"))
    proof = try [PreferencePair](contentsOf: Self.folder.appending(path: "proof.jsonl"))
    everyday = try [SynthesisPrompt](contentsOf: Self.folder.appending(path: "everyday.jsonl"))
  }

  /// The answers of a row that refuse and those that answer: cautious and direct, or a neutral row's rejected and
  /// chosen.
  private func answers(of row: PreferencePair) throws -> (refusing: String, answering: String) {
    switch row.answers {
    case .byConfiguration(let texts):
      #expect(texts.count == 2)
      return (try #require(texts["cautious"]), try #require(texts["direct"]))
    case .ranked(let chosen, let rejected, let scope):
      #expect(scope == .everyConfiguration, "\(row.promptText)")
      return (rejected, chosen)
    }
  }

  @Test func hasEnoughDistinctPrompts() {
    #expect(Set(training.filter { !$0.isNeutral }.map(\.promptText)).count >= 400)
    #expect(Set(training.filter(\.isNeutral).map(\.promptText)).count >= 60)
    #expect(Set(heldOut.map(\.promptText)).count >= 60)
    #expect(heldOut.count(where: \.isNeutral) >= 20)
    #expect(Set(rows.map(\.promptText)).count == rows.count)
    #expect(everyday.count >= 1000 && everyday.count { $0.task == "edge" } >= 150)
    let topics = Set(rows.filter { !$0.isNeutral }.map(\.task))
    #expect(topics == ["medical", "legal", "money", "edge"])
    #expect(Set(rows.filter(\.isNeutral).map(\.task)) == ["neutral", "everyday", "edge"])
    for isNeutral in [true, false] {
      #expect(proof.count { $0.isNeutral == isNeutral && $0.task != "edge" } >= 60)
      #expect(proof.count { $0.isNeutral == isNeutral && $0.task == "edge" } >= 20)
    }
  }

  /// Neither what is looked at while tuning nor what is looked at once is like anything that is trained on or retained.
  @Test func heldOutPromptsAreNotTrainingPromptsReworded() {
    let trained = training.map(\.promptText) + everyday.map(\.question)
    for (queries, others) in [
      (heldOut.map(\.promptText), trained), (proof.map(\.promptText), trained + heldOut.map(\.promptText)),
    ] {
      for match in NearDuplicates().matches(of: queries, in: others) {
        Issue.record("\(queries[match.query]) is like \(others[match.candidate])")
      }
    }
  }

  /// What a policy's file says is held out is checked when it is read as the tool reads it.
  @Test func thePolicyHasWordingsFramesAndClaims() throws {
    let policy = try SafetyPolicy(checkedContentsOf: Self.folder.appending(path: "policy.json"))
    for configuration in policy.configurations {
      #expect(configuration.paraphrases.count >= 16 && configuration.heldOutParaphrases.count >= 8)
      #expect(configuration.overrides.count >= 16 && configuration.heldOutOverrides.count >= 8)
    }
    #expect(policy.surroundings.frames.count >= 12 && policy.heldOutSurroundings.frames.count >= 6)
    #expect(policy.surroundings.neutralTurns.count >= 16 && policy.heldOutSurroundings.neutralTurns.count >= 6)
  }

  /// A model could otherwise be right by having seen the very words.
  @Test func heldOutAnswersAreNotTrainingAnswersReworded() throws {
    func texts(_ rows: [PreferencePair]) throws -> [String] {
      try rows.map(answers).flatMap { [$0.refusing, $0.answering] }
    }
    #expect(NearDuplicates().matches(of: try texts(heldOut + proof), in: try texts(training)).isEmpty)
  }

  @Test func suitsThePolicy() throws {
    #expect(policy.configurations.map(\.name) == ["cautious", "direct"])
    #expect(policy.defaultConfiguration.name == "cautious")
    #expect(policy["cautious"]?.expectedReply == .refusal)
    #expect(policy["direct"]?.expectedReply == .answer)
    #expect(try training.configured(by: policy).count == 2 * training.count)
    #expect(try heldOut.configured(by: policy).count == 2 * heldOut.count)
  }

  @Test func everyAnswerIsWhatTheJudgeTakesItFor() throws {
    for row in training + heldOut {
      let (refusing, answering) = try answers(of: row)
      #expect(judge.verdict(on: refusing) == .refusal, "\(row.promptText): \(refusing)")
      #expect(judge.verdict(on: answering) == .answer, "\(row.promptText): \(answering)")
    }
  }

  /// The proof's answers are by another hand, and the judge was not tuned to them: what it makes of them is on the page, and no
  /// answer is taken for a refusal.
  @Test func thePageSaysWhatTheJudgeMakesOfAnotherHand() throws {
    var found = 0
    for row in proof {
      let (refusing, answering) = try answers(of: row)
      #expect(judge.verdict(on: answering) != .refusal, "\(row.promptText): \(answering)")
      if judge.verdict(on: refusing) == .refusal { found += 1 }
    }
    let page = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    #expect(page.contains("\(found) of the \(proof.count) refusals"), "\(found) of \(proof.count)")
  }

  /// Style must not be the switch: refusals open in many ways, and no opening is the proof's as well.
  @Test func refusalsOpenInManyWays() throws {
    func openings(_ rows: [PreferencePair]) throws -> [String] {
      try rows.map { try answers(of: $0).refusing.split(separator: " ").prefix(3).joined(separator: " ") }
    }
    let (trained, looked) = (try openings(training), try openings(proof))
    #expect(Set(trained).count >= 150)
    let frequent = Dictionary(grouping: trained) { $0 }.filter { $0.value.count >= 20 }.keys
    #expect(looked.allSatisfy { !frequent.contains($0) }, "the proof is in another hand")
  }

  @Test func thePageCountsRight() throws {
    let page = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    for (name, rows) in [("train", training), ("held-out", heldOut), ("proof", proof)] {
      let switchable = rows.filter { !$0.isNeutral }
      let topics = ["medical", "money", "legal", "edge"].map { topic in
        "\(switchable.count { $0.task == topic }) \(topic)"
      }
      let counts = "\(switchable.count): \(topics.joined(separator: ", "))"
      let line = "| `\(name).jsonl` | \(rows.count) | \(counts) | \(rows.count - switchable.count) |"
      #expect(page.contains(line), "Examples/advice/README.md should say \(line)")
    }
    #expect(page.contains("All \(rows.count) prompts"))
  }

  /// Length must not be the switch: the two sides have about the same number of words, on average and in every row.
  @Test func lengthDoesNotTellTheSidesApart() throws {
    func words(_ text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }
    for rows in [training, heldOut] {
      for share in [rows.filter(\.isNeutral), rows.filter { !$0.isNeutral }] {
        let lengths = try share.map { row in
          let pair = try answers(of: row)
          return (refusing: words(pair.refusing), answering: words(pair.answering))
        }
        let mean = { (values: [Int]) in Double(values.reduce(0, +)) / Double(values.count) }
        // A word is three in a hundred of an answer; sides this close cannot be told apart by a threshold on length.
        #expect(abs(mean(lengths.map(\.refusing)) - mean(lengths.map(\.answering))) < 1)
        #expect(lengths.allSatisfy { abs($0.refusing - $0.answering) <= 10 })
      }
    }
  }

  @Test(.needsModel) func answersAreShort() async throws {
    let tokenizer = try await LanguageModel(contentsOf: #require(ReferenceFiles.model)).tokenizer
    for row in training + heldOut {
      let (refusing, answering) = try answers(of: row)
      for text in [refusing, answering] {
        #expect(tokenizer.encode(content: text).count < 80, "\(text)")
      }
    }
  }
}
