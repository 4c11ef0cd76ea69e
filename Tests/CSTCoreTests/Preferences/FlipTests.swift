import CSTCore
import Testing

@Suite struct FlipTests {
  let two: SafetyPolicy
  let three: SafetyPolicy

  init() throws {
    let cautious = SafetyConfiguration(name: "cautious", systemPrompt: "S0")
    let direct = SafetyConfiguration(name: "direct", systemPrompt: "S1")
    let brief = SafetyConfiguration(name: "brief", systemPrompt: "S2")
    two = try SafetyPolicy(name: "two", configurations: [cautious, direct], defaultName: "cautious")
    three = try SafetyPolicy(name: "three", configurations: [cautious, direct, brief], defaultName: "direct")
  }

  private func row(_ texts: [String: String]) -> PreferencePair {
    PreferencePair(prompt: [.user("x")], answers: .byConfiguration(texts))
  }

  private func row(_ chosen: String, over rejected: String, _ scope: PreferencePair.Scope) -> PreferencePair {
    PreferencePair(prompt: [.user("x")], answers: .ranked(chosen: chosen, rejected: rejected, scope: scope))
  }

  private func pair(
    _ system: String?, _ chosen: String, over rejected: String, _ configuration: String?, source: Int = 0
  ) -> ConfiguredPair {
    ConfiguredPair(
      prompt: (system.map { [.system($0)] } ?? []) + [.user("x")], chosen: chosen, rejected: rejected,
      configuration: configuration, source: source)
  }

  private func reason(_ rows: [PreferencePair], by policy: SafetyPolicy) -> PreferenceError? {
    #expect(throws: PreferenceError.self) { try rows.configured(by: policy) }
  }

  @Test func twoConfigurationsGiveTwinsSideBySide() throws {
    let rows = [row(["direct": "y1", "cautious": "y0"]), row(["cautious": "z0", "direct": "z1"])]
    #expect(
      try rows.configured(by: two) == [
        pair("S0", "y0", over: "y1", "cautious"), pair("S1", "y1", over: "y0", "direct"),
        pair("S0", "z0", over: "z1", "cautious", source: 1), pair("S1", "z1", over: "z0", "direct", source: 1),
      ])
  }

  @Test func threeConfigurationsGiveEveryOrderedPair() throws {
    let pairs = try [row(["cautious": "y0", "direct": "y1", "brief": "y2"])].configured(by: three)
    #expect(
      pairs == [
        pair("S0", "y0", over: "y1", "cautious"), pair("S0", "y0", over: "y2", "cautious"),
        pair("S1", "y1", over: "y0", "direct"), pair("S1", "y1", over: "y2", "direct"),
        pair("S2", "y2", over: "y0", "brief"), pair("S2", "y2", over: "y1", "brief"),
      ])
  }

  @Test func equalAnswersPreferNothing() throws {
    let pairs = try [row(["cautious": "y", "direct": "y1", "brief": "y"])].configured(by: three)
    #expect(pairs.count == 4)
    #expect(pairs.allSatisfy { $0.chosen != $0.rejected })
    #expect(reason([row(["cautious": "y", "direct": "y"])], by: two)?.reason == .identicalAnswers)
  }

  @Test func neutralRowsHoldUnderEveryConfiguration() throws {
    #expect(
      try [row("w", over: "l", .everyConfiguration)].configured(by: three) == [
        pair("S0", "w", over: "l", "cautious"), pair("S1", "w", over: "l", "direct"),
        pair("S2", "w", over: "l", "brief"),
      ])
  }

  @Test func namedAndSpelledOutRowsGiveOnePair() throws {
    let rows = [
      row("w", over: "l", .configuration("direct")), row("w", over: "l", .systemPrompt("You are a pirate.")),
      row("w", over: "l", .systemPrompt("S0")),
    ]
    #expect(
      try rows.configured(by: two) == [
        pair("S1", "w", over: "l", "direct"), pair("You are a pirate.", "w", over: "l", nil, source: 1),
        pair("S0", "w", over: "l", "cautious", source: 2),
      ])
  }

  @Test func earlierTurnsStayBehindTheSystemMessage() throws {
    let turns: [Message] = [.user("a"), .assistant("b"), .user("c")]
    let rows = [PreferencePair(prompt: turns, answers: .byConfiguration(["cautious": "y0", "direct": "y1"]))]
    #expect(try rows.configured(by: two).map(\.prompt) == [[.system("S0")] + turns, [.system("S1")] + turns])
  }

  @Test func errorsNameTheRow() throws {
    let good = row(["cautious": "y0", "direct": "y1"])
    let cases: [(PreferencePair, PreferenceError.Reason, String)] = [
      (row(["cautious": "y0"]), .missingAnswer, "\"direct\""),
      (row(["cautious": "y0", "direct": "y1", "dierct": "y"]), .unknownConfiguration, "\"dierct\""),
      (row("w", over: "l", .configuration("brief")), .unknownConfiguration, "\"brief\""),
      (row("w", over: "l", .unstated), .noConfiguration, "\"*\""),
      (row("w", over: "w", .everyConfiguration), .identicalAnswers, "same text"),
    ]
    for (bad, expected, detail) in cases {
      let error = reason([good, good, bad], by: two)
      #expect(error?.reason == expected)
      #expect(error?.row == 2)
      #expect(error?.detail.contains(detail) == true, "\(String(describing: error))")
    }
  }

  @Test func vanillaKnowsOnlyTheDefault() throws {
    let rows = [
      row(["cautious": "y0", "direct": "y1"]), row("w", over: "l", .everyConfiguration),
      row("w", over: "l", .configuration("direct")), row("w", over: "l", .systemPrompt("You are a pirate.")),
    ]
    #expect(
      try rows.vanilla(by: two) == [
        pair("S0", "y0", over: "y1", "cautious"), pair("S0", "w", over: "l", "cautious", source: 1),
        pair("You are a pirate.", "w", over: "l", nil, source: 3),
      ])
    let ternary = try [row(["cautious": "y0", "direct": "y1", "brief": "y2"])].vanilla(by: three)
    #expect(ternary == [pair("S1", "y1", over: "y0", "direct"), pair("S1", "y1", over: "y2", "direct")])
  }

  @Test func rowsAsWrittenNeedNoPolicy() throws {
    let rows = [row("w", over: "l", .systemPrompt("S0")), row("w", over: "l", .unstated)]
    #expect(try rows.asWritten() == [pair("S0", "w", over: "l", nil), pair(nil, "w", over: "l", nil, source: 1)])
    for bad in [
      row(["cautious": "y0", "direct": "y1"]), row("w", over: "l", .everyConfiguration),
      row("w", over: "l", .configuration("direct")),
    ] {
      let error = #expect(throws: PreferenceError.self) { try (rows + [bad]).asWritten() }
      #expect(error?.reason == .needsPolicy)
      #expect(error?.row == 2)
    }
  }
}
