/// What a line of a chat says.
enum ChatInput: Equatable {
  case message(String)
  case configuration(String?)
  case system(String)
  case reset
  case help
  case quit
  case unknown(String)

  static let summary = """
    /config NAME    reply under this configuration of the policy (/config alone lists them)
    /system TEXT    reply under this system prompt (/system alone: under none)
    /reset          forget the conversation
    /help           this list
    /quit           end the chat, as Ctrl-D does
    //…             a message that begins with a slash

    """

  init(_ line: String) {
    guard line.hasPrefix("/"), !line.hasPrefix("//") else {
      self = .message(line.hasPrefix("/") ? String(line.dropFirst()) : line)
      return
    }
    let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = parts.count > 1 ? parts[1].trimmingPrefix { $0.isWhitespace } : ""
    switch parts[0] {
    case "/config": self = .configuration(rest.isEmpty ? nil : String(rest))
    case "/system": self = .system(String(rest))
    case "/reset" where rest.isEmpty: self = .reset
    case "/help" where rest.isEmpty: self = .help
    case "/quit" where rest.isEmpty, "/exit" where rest.isEmpty: self = .quit
    default: self = .unknown(line)
    }
  }
}
