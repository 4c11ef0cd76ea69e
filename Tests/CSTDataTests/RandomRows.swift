import CSTCore
import TestSupport

/// Rows of every form with awkward texts, the same for the same seed.
struct RandomRows {
  let policy: SafetyPolicy
  private var generator: SplitMix64

  static let systemPrompts = ["Gib \"keinen\" Rat — é.", "Gib \"keinen\" Rat — e\u{301}!\n", "回答\t完全に 🧂"]

  init(configurations: Int, seed: UInt64) throws {
    let names = ["cautious", "direct", "ausführlich"]
    policy = try SafetyPolicy(
      name: "random",
      configurations: (0..<configurations).map {
        SafetyConfiguration(
          name: names[$0], systemPrompt: Self.systemPrompts[$0], paraphrases: ["\($0) anders", "\($0) noch anders"])
      }, defaultName: "direct")
    generator = SplitMix64(seed: seed)
  }

  mutating func rows(_ count: Int, conversations: Bool = true) -> [PreferencePair] {
    (0..<count).map { row($0, conversations) }
  }

  private mutating func row(_ number: Int, _ conversations: Bool) -> PreferencePair {
    var prompt: [Message] = [.user(text("frage"))]
    if conversations, chance(3) { prompt = [.user(text("a")), .assistant(text("b"))] + prompt }
    if conversations, chance(9) { prompt.insert(.assistant(""), at: 0) }
    var columns: [String: JSONValue] = [:]
    if chance(3) { columns["ümlaut \"spalte\""] = value(depth: 2) }
    if chance(4) { columns["id"] = .integer(number) }
    let task = chance(3) ? text("task") : nil
    let names = policy.configurations.map(\.name)
    let form = Int.random(in: 0..<6, using: &generator)
    if form < 2 {
      var texts = Dictionary(uniqueKeysWithValues: names.map { ($0, text("answer \($0)") + $0) })
      // Two of three answers may be the same.
      if names.count > 2, chance(3) { texts[names[2]] = texts[names[Int.random(in: 0...1, using: &generator)]] }
      return PreferencePair(
        prompt: prompt, answers: .byConfiguration(texts), task: task, judgeScores: scores(names), columns: columns)
    }
    let scope: PreferencePair.Scope =
      switch form {
      case 2: .everyConfiguration
      case 3: .configuration(policy.configurations.randomElement(using: &generator)?.name ?? "")
      case 4:
        .systemPrompt((Self.systemPrompts + ["", "Be a pirate.", "0 anders"]).randomElement(using: &generator) ?? "")
      default: .unstated
      }
    let scores = scores(["chosen", "rejected"])
    return PreferencePair(
      prompt: prompt, answers: .ranked(chosen: text("w") + "w", rejected: text("l") + "l", scope: scope), task: task,
      judgeScores: scores, columns: columns)
  }

  private mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &generator) == 0 }

  private mutating func text(_ start: String) -> String {
    let pieces = [
      "", " ", "\n", "\r\n", "\"", "\\", "'", "é", "e\u{301}", "🧂", "👩‍👩‍👧", "\u{2028}", "</s>", "<|im_end|>", "{\"a\":1}",
      "/",
      "\t", "Ω", "\u{0}", "\u{7F}", "日本", "a", "b",
    ]
    return (0..<Int.random(in: 0...4, using: &generator)).reduce(start) { text, _ in
      text + (pieces.randomElement(using: &generator) ?? "")
    }
  }

  private mutating func scores(_ names: [String]) -> [String: AnswerScore]? {
    guard chance(2) else { return nil }
    var scores: [String: AnswerScore] = [:]
    for name in names where !chance(5) {
      let follows = policy.configurations.map { ($0.name, Double.random(in: 0...1, using: &generator)) }
      scores[name] = AnswerScore(
        follows: Dictionary(uniqueKeysWithValues: follows), addresses: Double.random(in: 0...1, using: &generator))
    }
    return scores
  }

  private mutating func value(depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
    case 0: .null
    case 1: .bool(chance(2))
    case 2: .integer(Int.random(in: Int.min...Int.max, using: &generator))
    case 3: .double(1e200)
    case 4: .string(text("v"))
    case 5: .array([value(depth: depth - 1), value(depth: depth - 1)])
    default: .object([text("k"): value(depth: depth - 1), "": value(depth: depth - 1)])
    }
  }

  /// The rows in another order.
  mutating func shuffled(_ rows: [PreferencePair]) -> [PreferencePair] { rows.shuffled(using: &generator) }
}
