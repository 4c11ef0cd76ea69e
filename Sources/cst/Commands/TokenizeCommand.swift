import ArgumentParser
import CSTCore
import Foundation

struct TokenizeCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize", abstract: "Turn text into token ids.",
    discussion: """
      Prints {"ids":[…]}. Text is content: no control token can come out of it, whatever it says. With --as template it \
      is read as a chat template's own text, in which control tokens are recognised.

      Example: echo -n 'Hello there' | cst tokenize --model model.gguf
      """)

  /// Who wrote the text.
  enum Provenance: String, CaseIterable, ExpressibleByArgument { case content, template }

  @Option(help: .init("The model, a .gguf file or a Hugging Face folder.", valueName: "path"), completion: .file())
  var model: String

  @Option(help: .init("A UTF-8 text file (default: standard input).", valueName: "file"), completion: .file())
  var file: String?

  @Option(name: .customLong("as"), help: "Whether control tokens are recognised in the text.")
  var provenance = Provenance.content

  @Flag(help: "Begin with the model's begin-of-text token.")
  var addBos = false

  @OptionGroup var configuration: KeyOptions
  @OptionGroup var common: CommonOptions

  func execute() async throws {
    let model = try await LanguageModel(contentsOf: URL(filePath: model), ignoring: configuration.keys)
    let text = try InputText.read(file)
    let pieces: ProvenancedText = provenance == .content ? [.content(text)] : [.template(text)]
    var ids = model.tokenizer.encode(pieces)
    if addBos {
      guard let bos = model.tokenizer.bosID else {
        throw CommandError("\(self.model): --add-bos: this model has no begin-of-text token")
      }
      ids.insert(bos, at: 0)
    }
    try Console.print(JSONText.line(["ids": ids]))
  }
}
