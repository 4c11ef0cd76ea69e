import ArgumentParser
import CSTCore
import CSTData
import Foundation

/// The system prompt of a reply: a policy's configuration, or a text.
struct SystemPromptOptions: ParsableArguments {
  @Option(help: .init("A policy whose configurations can be chosen.", valueName: "file"), completion: .file())
  var policy: String?

  @Option(help: .init("The policy's configuration to reply under (default: its default).", valueName: "name"))
  var configuration: String?

  @Option(parsing: .unconditional, help: .init("A system prompt, instead of a policy.", valueName: "text"))
  var system: String?

  func validate() throws {
    if policy != nil, system != nil { throw ValidationError("--policy and --system exclude each other: give one") }
    if configuration != nil, policy == nil {
      throw ValidationError("--configuration needs --policy, the file that defines it")
    }
  }

  func loadPolicy() throws -> SafetyPolicy? {
    try policy.map { try SafetyPolicy(checkedContentsOf: URL(filePath: $0)) }
  }

  /// The configuration that was asked for, or the policy's default.
  func configuration(of policy: SafetyPolicy?) throws -> SafetyConfiguration? {
    guard let policy else { return nil }
    return try configuration.map { try policy.configuration(named: $0) } ?? policy.defaultConfiguration
  }
}
