import ArgumentParser
import CSTCore
import CSTReports
import Foundation

/// What the model should still be able to do.
struct CapabilityOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Measure what the model can do, without and with the adapter: .jsonl files of questions (question, options, answer) "
        + "or of prompts (prompt), .txt files for perplexity.", valueName: "file"),
    completion: .file(extensions: ["jsonl", "txt"]))
  var capability: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Most tokens of a .txt file that are predicted together (default: the model's context, at most "
        + "\(CapabilityEvaluation.usualWindowLength)).", valueName: "n"))
  var capabilityWindow: Int?

  func validate() throws {
    try Requirement.count("--capability-window", capabilityWindow, in: 1...1 << 22)
    if capabilityWindow != nil, capability.isEmpty {
      throw ValidationError("--capability-window is for the .txt files of --capability: name one there")
    }
  }

  /// - Throws: `FormatError` naming the file and the line.
  func tasks() throws -> [CapabilityTask] {
    try capability.map { try CapabilityTask(contentsOf: URL(filePath: $0)) }
  }

  /// What came of the tasks; `nil` where there is none.
  func report(
    on model: LanguageModel, over tasks: [CapabilityTask], named name: String, maximumTokens: Int
  ) async throws -> CapabilityReport? {
    guard !tasks.isEmpty else { return nil }
    let progress = SharedProgress()
    return try await CapabilityEvaluation(windowLength: capabilityWindow, maximumTokens: maximumTokens)
      .run(on: model, over: tasks, named: name) { progress.show($0) }
  }
}
