import Foundation
import Testing

@testable import CSTCore

/// Prompts are drawn as often as asked, by the seed, from what training may see.
@Suite struct PromptVariationTests {
  private func policy() throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(
          name: "a", systemPrompt: "A", expectedReply: .refusal, paraphrases: ["A1", "A2"], heldOutParaphrases: ["AH"],
          overrides: ["a holds: {prompt}"], heldOutOverrides: ["{prompt} a holds, held out"]),
        SafetyConfiguration(
          name: "b", systemPrompt: "B", expectedReply: .answer, paraphrases: ["B1"], heldOutParaphrases: ["BH"],
          overrides: ["b holds: {prompt}"], heldOutOverrides: ["{prompt} b holds, held out"]),
      ], defaultName: "a",
      surroundings: PromptSurroundings(
        frames: ["Shop. {configuration} Be brief."], neutralTurns: [[.user("Hi"), .assistant("Hello")]]),
      heldOutSurroundings: PromptSurroundings(
        frames: ["Museum. {configuration}"], neutralTurns: [[.user("Hey"), .assistant("Good day")]]))
  }

  private func rows(_ count: Int) -> [PreferencePair] {
    (0..<count).map {
      PreferencePair(prompt: [.user("Q\($0)?")], answers: .byConfiguration(["a": "no \($0)", "b": "yes \($0)"]))
    }
  }

  @Test func sharesAreWhatWasAsked() throws {
    let policy = try policy()
    let pairs = try rows(2000).configured(by: policy)
    let variation = PromptVariation(reworded: 0.5, framed: 0.4, overridden: 0.3, later: 0.2, unprompted: 0.1)
    let drawn = pairs.varied(by: variation, of: policy, seed: 3, epoch: 0)
    func share(_ pairs: [ConfiguredPair], _ holds: (ConfiguredPair) -> Bool) -> Double {
      Double(pairs.count(where: holds)) / Double(pairs.count)
    }
    func system(_ pair: ConfiguredPair) -> String? {
      pair.prompt.first.flatMap { $0.role == .system ? $0.content : nil }
    }
    // Five standard deviations of a share of 2000: 5·√(¼/2000) = 0.056.
    let tolerance = 0.056
    let (a, b) = (drawn.filter { $0.configuration == "a" }, drawn.filter { $0.configuration == "b" })
    #expect(abs(share(a) { system($0) == nil } - 0.1) < tolerance)
    #expect(share(b) { system($0) == nil } == 0, "only the default holds without a system prompt")
    #expect(abs(share(b) { system($0)?.contains("B1") == true } - 0.5) < tolerance)
    #expect(abs(share(b) { system($0)?.hasPrefix("Shop. ") == true } - 0.4) < tolerance)
    #expect(abs(share(a) { $0.prompt.last?.content.hasPrefix("b holds: Q") == true } - 0.3) < tolerance)
    #expect(abs(share(b) { $0.prompt.contains(.assistant("Hello")) } - 0.2) < tolerance)
    for pair in drawn {
      let text = pair.prompt.map(\.content).joined()
      #expect(!text.contains("H") || text.contains("Hello"), "nothing held out is drawn: \(text)")
      #expect(!text.contains("{"))
    }
  }

  private func templatePolicy(_ template: String = "Never give {topics} advice, {topics} or not.") throws
    -> SafetyPolicy
  {
    try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(
          name: "a", systemPrompt: "A", paraphrases: ["A1"], paraphraseTemplates: [template, "No: {who}."]),
        SafetyConfiguration(
          name: "b", systemPrompt: "B", paraphrases: ["B1"],
          paraphraseTemplates: ["Give {topics} advice.", "Yes: {who}."]),
      ], defaultName: "a",
      surroundings: PromptSurroundings(slots: [
        "topics": ["legal", "medical", "money"], "who": ["doctors", "bankers"],
      ]),
      heldOutSurroundings: PromptSurroundings())
  }

  /// Templates are drawn as often as other paraphrases, every filling comes, and twins are filled alike.
  @Test func templatesAreFilledAnew() throws {
    let policy = try templatePolicy()
    let variation = PromptVariation(reworded: 1, framed: 0, overridden: 0, later: 0, unprompted: 0)
    let drawn = try rows(900).configured(by: policy).varied(by: variation, of: policy, seed: 3, epoch: 0)
    let systems = Dictionary(grouping: drawn, by: \.configuration).mapValues { $0.map { $0.prompt[0].content } }
    let (a, b) = (try #require(systems["a"]), try #require(systems["b"]))
    let topics = ["legal", "medical", "money"]
    let filled = topics.flatMap { first in topics.map { "Never give \(first) advice, \($0) or not." } }
    #expect(Set(a) == Set(["A1", "No: doctors.", "No: bankers."] + filled))
    // A third each, within five standard deviations: 5·√(2/9/900).
    for text in ["A1", "No: "] {
      #expect(abs(Double(a.count { $0.hasPrefix(text) }) / Double(a.count) - 1 / 3.0) < 0.08)
    }
    for (left, right) in zip(a, b) {
      #expect(left.hasPrefix("No: ") == right.hasPrefix("Yes: ") && (left == "A1") == (right == "B1"))
      if left.hasPrefix("No: ") { #expect(left.dropFirst(4) == right.dropFirst(5)) }
      if left.hasPrefix("Never") { #expect(left.contains(String(right.dropFirst(5)).replacing(".", with: ""))) }
    }
    #expect(try JSONDecoder().decode(SafetyPolicy.self, from: JSONEncoder().encode(policy)) == policy)
  }

  @Test func aTemplateWithAnUnknownPlaceIsRefused() throws {
    let error = #expect(throws: PreferenceError.self) { try templatePolicy("Never give {topic} advice.") }
    let detail = try #require(error).detail
    #expect(detail.contains("paraphrase_templates[0] has the place {topic}, which is not in \"slots\": "), "\(detail)")
  }

  @Test func everyEpochAndSeedDrawsAnewAndTwinsAlike() throws {
    let policy = try policy()
    let pairs = try rows(50).configured(by: policy)
    let variation = PromptVariation()
    let first = pairs.varied(by: variation, of: policy, seed: 3, epoch: 0)
    #expect(first == pairs.varied(by: variation, of: policy, seed: 3, epoch: 0))
    #expect(first != pairs.varied(by: variation, of: policy, seed: 3, epoch: 1))
    #expect(first != pairs.varied(by: variation, of: policy, seed: 4, epoch: 0))
    for (a, b) in zip(first, first.dropFirst()) where a.source == b.source {
      #expect(a.prompt.contains(.assistant("Hello")) == b.prompt.contains(.assistant("Hello")))
    }
  }

  /// Shares rise from nothing to what they are, and what is drawn early is drawn later too.
  @Test func sharesRiseOverTheWarmUp() throws {
    let policy = try policy()
    let pairs = try rows(200).configured(by: policy)
    let variation = PromptVariation(reworded: 1, framed: 0, overridden: 0, later: 0, unprompted: 0, warmup: 0.5)
    var reworded: [Set<Int>] = []
    for progress in [0, 0.125, 0.25, 0.5, 0.9] {
      let drawn = pairs.varied(by: variation.at(progress: progress), of: policy, seed: 3, epoch: 0)
      reworded.append(Set(zip(pairs, drawn).filter { $0.prompt != $1.prompt }.map(\.0.source)))
    }
    #expect(reworded[0].isEmpty && reworded[4].count == 200)
    // Five standard deviations of 200 draws with probability 1/4 and 1/2: 31 and 35.
    #expect(abs(reworded[1].count - 50) < 31 && abs(reworded[2].count - 100) < 35)
    for (earlier, later) in zip(reworded, reworded.dropFirst()) { #expect(earlier.isSubset(of: later)) }
  }

  /// A row's own system prompt is its meaning: it is not replaced.
  @Test func rowsWithTheirOwnSystemPromptStay() throws {
    let policy = try policy()
    let row = PreferencePair(
      prompt: [.user("Q")], answers: .ranked(chosen: "x", rejected: "y", scope: .systemPrompt("Mine")))
    let pairs = try [row].configured(by: policy)
    let all = PromptVariation(reworded: 1, framed: 1, overridden: 1, later: 1, unprompted: 1)
    #expect(pairs.varied(by: all, of: policy, seed: 1, epoch: 0) == pairs)
  }

  @Test func aQuestionThatLooksLikeAPlaceStaysAsItIs() {
    let form = PromptForm(wording: "W {prompt}", frame: "F {configuration}", override: "now: {prompt}")
    #expect(
      form.messages(asking: [.user("what is {configuration} and {prompt}?")])
        == [.system("F W {prompt}"), .user("now: what is {configuration} and {prompt}?")])
  }

  @Test(arguments: [
    (PromptSurroundings(frames: ["no place"]), "frames[0] has {configuration} 0 times"),
    (PromptSurroundings(frames: ["{configuration} {configuration}"]), "2 times"),
    (PromptSurroundings(neutralTurns: [[.user("a")]]), "neutral_turns[0]"),
    (PromptSurroundings(neutralTurns: [[.assistant("a"), .user("b")]]), "in turns"),
    (PromptSurroundings(neutralTurns: [[]]), "neutral_turns[0]"),
  ]) func surroundingsAreChecked(surroundings: PromptSurroundings, problem: String) {
    let error = #expect(throws: PreferenceError.self) {
      try SafetyPolicy(
        name: "p", configurations: [SafetyConfiguration(name: "a", systemPrompt: "A")], defaultName: "a",
        surroundings: surroundings, heldOutSurroundings: PromptSurroundings())
    }
    #expect(error?.detail.contains(problem) == true, "\(String(describing: error))")
  }

  @Test func overridesHaveTheirPlaceOnce() {
    let error = #expect(throws: PreferenceError.self) {
      try SafetyPolicy(
        name: "p",
        configurations: [SafetyConfiguration(name: "a", systemPrompt: "A", heldOutOverrides: ["no question"])],
        defaultName: "a")
    }
    #expect(error?.detail.contains("held_out_overrides[0] has {prompt} 0 times") == true)
  }

  @Test func theFileKeepsEverything() throws {
    let policy = try policy()
    let read = try JSONDecoder().decode(SafetyPolicy.self, from: JSONEncoder().encode(policy))
    #expect(read == policy)
    #expect(read.heldOutSurroundings.frames == ["Museum. {configuration}"])
  }
}
