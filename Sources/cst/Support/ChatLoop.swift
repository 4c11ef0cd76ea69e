import CSTCore
import Foundation

/// Reads lines from standard input and replies to them. Replies go to standard output, everything else to standard
/// error, and the prompt is shown to people only.
struct ChatLoop {
  private let session: ChatSession
  private let policy: SafetyPolicy?
  private var configuration: SafetyConfiguration?
  private let writesJSON: Bool
  private let isInteractive = isatty(STDIN_FILENO) != 0

  init(_ session: ChatSession, policy: SafetyPolicy?, configuration: SafetyConfiguration?, writesJSON: Bool) {
    self.session = session
    self.policy = policy
    self.configuration = configuration
    self.writesJSON = writesJSON
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
        session.systemPrompt = text.isEmpty ? nil : text
        Console.note(text.isEmpty ? "no system prompt from here\n" : "another system prompt from here\n")
      case .reset:
        session.forget()
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
      session.systemPrompt = chosen.systemPrompt
      Console.note("\(chosen.name) from here\n")
    } catch {
      Console.note("\(CommandError.line(for: error))\n")
    }
  }

  private struct Turn: Encodable {
    let configuration: String?
    let prompt: String
    var text = ""
    var isComplete = false
    var promptTokens = 0
    var completionTokens = 0

    mutating func add(_ piece: ReplyStream.Piece) {
      text += piece.text
      isComplete = piece.reply?.isComplete ?? false
      promptTokens = piece.promptTokens
      if piece.token != nil { completionTokens += 1 }
    }
  }

  private mutating func reply(to text: String) async throws {
    guard !text.allSatisfy(\.isWhitespace) else { return }
    let interrupt = InterruptFlag(message: "stopped")
    var turn = Turn(configuration: configuration?.name, prompt: text)
    do {
      for try await piece in session.stream(to: text).pieces {
        if !writesJSON, !piece.text.isEmpty { try Console.write(piece.text) }
        turn.add(piece)
        if interrupt.isSet { break }
      }
      try Console.print(writesJSON ? JSONText.line(turn) : "")
    } catch let error as ConversationError {
      // Too long a conversation is the user's to deal with; the chat goes on.
      Console.note("\(error)\nnothing was added to the conversation; /reset begins a new one\n")
    }
  }
}
