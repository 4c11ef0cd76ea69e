import ArgumentParser
import CSTCore
import Foundation

struct GenerateCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Write a reply, under a configuration.",
    discussion: """
      The reply appears as it is written. Without --policy and --system no system prompt is given, and the model's chat \
      template decides what the model sees in its place. With --policy alone the policy's default configuration is used.

      Example: cst generate --model model.gguf --adapter run --policy policy.json --configuration direct \
      --prompt 'What helps a sore throat?'
      """)

  @OptionGroup var model: AdaptedModelOptions

  @OptionGroup var systemPrompt: SystemPromptOptions

  @Option(parsing: .unconditional, help: .init("What the user says.", valueName: "text"))
  var prompt: String

  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    let configuration: String?
    let messages: [Message]
    let text: String
  }

  func execute() async throws {
    let chosen = try systemPrompt.configuration(of: systemPrompt.loadPolicy())
    let messages = [chosen?.systemPrompt ?? systemPrompt.system].compactMap { $0 }.map(Message.system) + [.user(prompt)]
    let model = try await model.load()
    var text = ""
    let engine = ReplyEngine(model: model, slots: 1, cachedTokens: 0)
    for try await piece in engine.stream(
      to: messages, sampling: sampling.sampling, maximumTokens: sampling.maxTokens ?? 256)
    {
      if common.json { text += piece } else { try Console.write(piece) }
    }
    try Console.print(
      common.json ? JSONText.line(Result(configuration: chosen?.name, messages: messages, text: text)) : "")
  }
}
