import ArgumentParser
import CSTCore
import CSTData

/// How synthetic data is written and what is kept of it.
struct SynthesisOptions: ParsableArguments {
  /// Who says which configuration an answer follows.
  enum Judge: String, CaseIterable, ExpressibleByArgument { case teacher, rules }

  @Option(help: "Who judges answers: the teacher, or the rules that tell refusals from answers.")
  var judge = Judge.teacher

  @Option(
    parsing: .unconditional, help: .init("0 always takes the likeliest token; higher varies more.", valueName: "t"))
  var temperature = 0.7

  @Option(
    parsing: .unconditional,
    help: .init("Draw only from the likeliest tokens that together have this probability.", valueName: "p"))
  var topP = 0.9

  @Option(parsing: .unconditional, help: .init("Decides every draw.", valueName: "n"))
  var seed: UInt64 = 42

  @Option(parsing: .unconditional, help: .init("Where an answer is cut; a cut answer is rejected.", valueName: "n"))
  var maxTokens = 256

  @Option(parsing: .unconditional, help: .init("Where a critique is cut.", valueName: "n"))
  var critiqueTokens = 96

  @Option(
    parsing: .unconditional, help: .init("How often an answer is tried before its prompt is rejected.", valueName: "n"))
  var attempts = 1

  @Option(parsing: .unconditional, help: .init("The least words of an answer.", valueName: "n"))
  var minWords = 5

  @Option(
    parsing: .unconditional, help: .init("The most that one answer's words may be of another's.", valueName: "ratio"))
  var maxLengthRatio = 3.0

  func validate() throws {
    try Requirement.notNegative("--temperature", temperature)
    try Requirement.positiveShare("--top-p", topP)
    try Requirement.count("--max-tokens", maxTokens, in: 1...1 << 22)
    try Requirement.count("--critique-tokens", critiqueTokens, in: 1...1 << 22)
    try Requirement.count("--attempts", attempts, in: 1...1000)
    try Requirement.count("--min-words", minWords, in: 1...1 << 22)
    guard maxLengthRatio >= 1, maxLengthRatio.isFinite else {
      throw ValidationError("--max-length-ratio must be at least 1, not \(maxLengthRatio)")
    }
    if attempts > 1, temperature == 0 {
      throw ValidationError("--attempts above 1 needs a --temperature above 0: at 0 every attempt is the same")
    }
  }

  var settings: SynthesisSettings {
    SynthesisSettings(
      sampling: Sampling(temperature: temperature, topP: topP, seed: seed), answerTokens: maxTokens,
      critiqueTokens: critiqueTokens, attempts: attempts)
  }

  var filter: SynthesisFilter { SynthesisFilter(minimumWords: minWords, maximumLengthRatio: maxLengthRatio) }

  func judge(beside teacher: any Teacher) -> AnswerJudge {
    switch judge {
    case .teacher: .teacher(teacher)
    case .rules: .rules(RefusalJudge())
    }
  }
}
