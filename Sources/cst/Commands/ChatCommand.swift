import ArgumentParser
import CSTCore
import Foundation

struct ChatCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk with a model, switching the configuration as you go.",
    discussion: """
      A line is a message; one that ends with a backslash goes on in the next. A line that begins with / is a command:
      \(ChatInput.summary)
      Ctrl-C stops a reply, and ends the chat where none is being written. The conversation stays when the configuration \
      changes: only the system prompt is another.

      Example: cst chat --model model.gguf --adapter run --policy policy.json
      """)

  @OptionGroup var model: AdaptedModelOptions
  @OptionGroup var prompt: SystemPromptOptions
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  func execute() async throws {
    let policy = try prompt.loadPolicy()
    let chosen = try prompt.configuration(of: policy)
    let model = try await model.load()
    let session = ChatSession(
      with: model, systemPrompt: chosen?.systemPrompt ?? prompt.system, sampling: sampling.sampling,
      maximumTokens: sampling.maxTokens ?? 512)
    var loop = ChatLoop(session, policy: policy, configuration: chosen, writesJSON: common.json)
    try await loop.run()
  }
}
