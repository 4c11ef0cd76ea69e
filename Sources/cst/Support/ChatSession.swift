import CSTCore
import Foundation

/// Reads lines from standard input and replies to them. Replies go to standard output, everything else to standard
/// error, and the prompt is shown to people only.
struct ChatSession {
  private var dialogue: Dialogue
  private let policy: SafetyPolicy?
  private var configuration: SafetyConfiguration?
  private let writesJSON: Bool
  private let isInteractive = isatty(STDIN_FILENO) != 0

  init(
    _ dialogue: Dialogue, policy: SafetyPolicy?, configuration: SafetyConfiguration?, systemPrompt: String?,
    writesJSON: Bool
  ) {
    self.dialogue = dialogue
    self.policy = policy
    self.configuration = configuration
    self.writesJSON = writesJSON
    self.dialogue.systemPrompt = configuration?.systemPrompt ?? systemPrompt
  }

  /// Goes on until the input ends.
  mutating func run() async throws {
    if isInteractive { Console.note("Type /help for the commands, Ctrl-D to end.\n") }
    while let line = nextLine() {
      switch ChatInput(line) {
      case .message(let text): try await reply(to: text)
      case .configuration(let name): choose(name)
      case .system(let text):
        configuration = nil
        dialogue.systemPrompt = text.isEmpty ? nil : text
        Console.note(text.isEmpty ? "no system prompt from here\n" : "another system prompt from here\n")
      case .reset:
        dialogue.forget()
        Console.note("the conversation begins anew\n")
      case .help: Console.note(ChatInput.summary)
      case .quit: return
      case .unknown(let line): Console.note("there is no command \(Console.singleLine(line)); /help lists them\n")
      }
    }
    if isInteractive { Console.note("\n") }
  }

  /// The next line and those it goes on in.
  private func nextLine() -> String? {
    showPrompt(configuration.map { "\($0.name)> " } ?? "> ")
    guard var line = readLine() else { return nil }
    while line.hasSuffix("\\") {
      line.removeLast()
      showPrompt("… ")
      line += "\n" + (readLine() ?? "")
    }
    return line
  }

  private func showPrompt(_ text: String) {
    if isInteractive { Console.note(text) }
  }

  private mutating func choose(_ name: String?) {
    guard let policy else {
      Console.note("there are no configurations: start the chat with --policy, or use /system\n")
      return
    }
    guard let name else {
      for known in policy.configurations {
        Console.note("\(known == configuration ? "*" : " ") \(known.name)\n")
      }
      return
    }
    do {
      let chosen = try policy.configuration(named: name)
      configuration = chosen
      dialogue.systemPrompt = chosen.systemPrompt
      Console.note("\(chosen.name) from here\n")
    } catch {
      Console.note("\(CommandError.line(for: error))\n")
    }
  }

  private struct Turn: Encodable {
    let configuration: String?
    let prompt: String
    let text: String
    let isComplete: Bool
    let promptTokens: Int
    let completionTokens: Int
  }

  private mutating func reply(to text: String) async throws {
    guard !text.allSatisfy(\.isWhitespace) else { return }
    let interrupt = InterruptFlag(message: "stopped")
    let writesJSON = writesJSON
    do {
      let reply = try await dialogue.reply(to: text) { piece in
        if !writesJSON { try Console.write(piece) }
        return interrupt.isSet ? .stop : .goOn
      }
      try Console.print(
        writesJSON
          ? JSONText.line(
            Turn(
              configuration: configuration?.name, prompt: text, text: reply.text, isComplete: reply.isComplete,
              promptTokens: reply.promptTokens, completionTokens: reply.completionTokens)) : "")
    } catch let error as ConversationError {
      // Too long a conversation is the user's to deal with; the chat goes on.
      Console.note("\(error)\nnothing was added to the conversation; /reset begins a new one\n")
    }
  }
}
