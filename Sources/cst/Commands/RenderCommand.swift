import ArgumentParser
import CSTCore
import Foundation

struct RenderCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "Show a conversation as the model sees it.",
    discussion: """
      The file holds [{"role": "system" | "user" | "assistant" | "tool", "content": …}, …], or {"messages": […], \
      "tools": […]}. What messages say besides (tool_calls, reasoning_content) reaches the template as transformers passes \
      it; what the template does not look at is noted. Prints the chat text exactly, without a line break of its own at the \
      end; with --json {"ids":[…],"text":…}.

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
  @OptionGroup var configuration: KeyOptions
  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    let ids: [Int32]
    let text: String
  }

  func execute() async throws {
    let (conversation, tools) = try InputText.messages(inFile: messages)
    var model = try await LanguageModel(contentsOf: URL(filePath: model), ignoring: configuration.keys)
    template.apply(to: &model)
    let unseen = model.chatTemplate.unseenFields(of: conversation, tools: tools)
    UnseenFields.note(Dictionary(uniqueKeysWithValues: unseen.map { ($0, 1) }), of: "")
    let rendering = try model.chatTemplate.render(
      conversation, tools: tools, generationPrompt: generationPrompt ? .appended : .omitted)
    if common.json {
      try Console.print(JSONText.line(Result(ids: model.encoder().encode(rendering), text: rendering.text)))
    } else {
      try Console.write(rendering.text)
    }
  }
}
