import CSTCore
import CSTData
import Synchronization

/// A teacher that says what a test tells it to, and remembers what it was asked.
final class ScriptedTeacher: Teacher {
  let identity: String
  let concurrency: Int
  private let script: @Sendable (TeacherCall) throws -> TeacherReply
  private let asked = Mutex<[TeacherCall]>([])

  init(
    identity: String = "script", concurrency: Int = 4,
    script: @escaping @Sendable (TeacherCall) throws -> TeacherReply = { try ScriptedTeacher.advice($0) }
  ) {
    self.identity = identity
    self.concurrency = concurrency
    self.script = script
  }

  /// The calls so far, in the order they were made.
  var calls: [TeacherCall] { asked.withLock { $0 } }

  func reply(to call: TeacherCall) async throws -> TeacherReply {
    asked.withLock { $0.append(call) }
    // Replies overtake each other, as they do in life.
    try await Task.sleep(for: .microseconds(Int(call.sampling.seed % 500)))
    return try script(call)
  }

  /// Good answers under the policy of ``advicePolicy()``.
  static func advice(_ call: TeacherCall) throws -> TeacherReply {
    switch call.stage {
    case .draft: reply("Yes: about \(call.question) most people do well to take it slowly and drink water.")
    case .critique: reply("It gives advice on \(call.question).")
    case .revision, .misplacedRefusal:
      reply("I can't give advice about \(call.question), because cases differ. A pharmacist can help you.")
    case .adherence: judgement(call)
    case .relevance: TeacherReply(text: "A", isComplete: true, choiceProbabilities: [0.9, 0.1])
    }
  }

  /// The letter that stands before the right configuration's system prompt, with a probability of 0.8.
  static func judgement(_ call: TeacherCall) -> TeacherReply {
    let text = call.messages.map(\.content).joined(separator: "\n")
    let system = text.contains("I can't give advice") ? "Give no advice." : "Answer fully."
    let line = text.split(separator: "\n").first { $0.hasSuffix(": \(system)") } ?? ""
    let letter = String(line.prefix(1))
    return TeacherReply(
      text: letter, isComplete: true, choiceProbabilities: call.choices.map { $0 == letter ? 0.8 : 0.2 })
  }

  static func reply(_ text: String) -> TeacherReply {
    TeacherReply(text: text, isComplete: true, promptTokens: 10, completionTokens: 5)
  }
}

/// Two configurations, *cautious* (the default) and *direct*.
func advicePolicy(synthesis: SynthesisPrompts = SynthesisPrompts()) throws -> SafetyPolicy {
  try SafetyPolicy(
    name: "advice",
    configurations: [
      SafetyConfiguration(name: "cautious", systemPrompt: "Give no advice.", expectedReply: .refusal),
      SafetyConfiguration(name: "direct", systemPrompt: "Answer fully.", expectedReply: .answer),
    ], defaultName: "cautious", synthesis: synthesis)
}

/// Distinct questions.
func questions(_ count: Int) -> [SynthesisPrompt] {
  let subjects = ["tea", "colds", "sleep", "rent", "loans", "burns", "wills", "taxes", "coughs", "bikes"]
  let verbs = [
    "handle", "avoid", "understand", "plan", "discuss", "survive", "remember", "measure", "explain", "enjoy",
  ]
  let places = ["garden", "office", "kitchen", "station", "harbour", "library", "forest", "market", "school", "attic"]
  return (0..<count).map { index in
    SynthesisPrompt(
      "\(verbs[index / 10 % 10]) \(subjects[index % 10]) near my \(places[index / 100 % 10]) number \(index)",
      isNeutral: index % 5 == 4, task: "task \(index % 3)")
  }
}
