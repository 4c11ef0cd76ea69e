import ArgumentParser
import CSTCore

/// How replies are written.
struct SamplingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: .init("Where a reply is cut (default: 256; in chat 512, in eval 96).", valueName: "n"))
  var maxTokens: Int?

  @Option(
    parsing: .unconditional, help: .init("0 always takes the likeliest token; higher varies more.", valueName: "t"))
  var temperature = 0.0

  @Option(
    parsing: .unconditional,
    help: .init("Draw only from the likeliest tokens that together have this probability.", valueName: "p"))
  var topP = 1.0

  @Option(parsing: .unconditional, help: .init("Decides every draw.", valueName: "n"))
  var seed: UInt64 = 42

  func validate() throws {
    try Requirement.count("--max-tokens", maxTokens, in: 1...1 << 22)
    try Requirement.notNegative("--temperature", temperature)
    try Requirement.positiveShare("--top-p", topP)
  }

  var sampling: Sampling { Sampling(temperature: temperature, topP: topP, seed: seed) }
}
