import ArgumentParser
import CSTCore
import Foundation

struct RenderCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "Show a conversation as the model sees it.",
    discussion: """
      The file holds [{"role": "system" | "user" | "assistant", "content": …}, …]. Prints the chat text exactly, without a \
      line break of its own at the end; with --json {"ids":[…],"text":…}.

      Example: cst render --model model.gguf --messages chat.json --generation-prompt
      """)

  @Option(help: .init("The model, a .gguf file or a Hugging Face folder.", valueName: "path"), completion: .file())
  var model: String

  @Option(
    help: .init("The conversation, a JSON list of messages.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var messages: String

  @Flag(help: "End with the opening of the assistant's turn.")
  var generationPrompt = false

  @OptionGroup var template: TemplateOptions
  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    let ids: [Int32]
    let text: String
  }

  func execute() async throws {
    var model = try await LanguageModel(contentsOf: URL(filePath: model))
    template.apply(to: &model)
    let rendering = try model.chatTemplate.render(
      try InputText.messages(inFile: messages), generationPrompt: generationPrompt ? .appended : .omitted)
    if common.json {
      try Console.print(JSONText.line(Result(ids: model.encoder().encode(rendering), text: rendering.text)))
    } else {
      try Console.write(rendering.text)
    }
  }
}
