import CSTCore
import Foundation

/// Text from outside: a file or standard input.
enum InputText {
  /// The text of a file, or of standard input where `path` is `nil`.
  static func read(_ path: String?) throws -> String {
    let data = if let path { try bytes(ofFile: path) } else { try FileHandle.standardInput.readToEnd() ?? Data() }
    // A byte order mark says how the text is written and is none of it.
    let text = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data
    return try String(validatedUTF8: text, from: path ?? "standard input")
  }

  /// The content of a regular file, which may be empty.
  static func bytes(ofFile path: String) throws(CommandError) -> Data {
    let file = URL(filePath: path)
    do {
      return try Data(contentsOf: file)
    } catch {
      throw CommandError("\(path): cannot be read: \(UnreadableFile.problem(of: file, error))")
    }
  }

  /// A conversation and the tools in it: a JSON list of `{"role": …, "content": …}`, or an object with `messages` and
  /// `tools`.
  static func messages(inFile path: String) throws -> (messages: [Message], tools: [JSONValue]) {
    let file = try MappedFile(contentsOf: URL(filePath: path))
    let value: JSONValue
    do { value = try JSONSyntaxError.value(of: file.bytes) } catch {
      throw CommandError("\(path): not a list of messages: \(error)")
    }
    do throws(ValueProblem) {
      var list = value
      var tools: [JSONValue] = []
      if let members = value.object, let own = members["messages"] {
        if let other = members.keys.first(where: { $0 != "messages" && $0 != "tools" }) {
          throw ValueProblem(other, "an object of a conversation has messages and tools, nothing else")
        }
        list = own
        tools = value["tools"]?.array ?? []
      }
      let messages = try [Message](json: list)
      guard !messages.isEmpty else { throw ValueProblem("", "there are no messages in this file") }
      return (messages, tools)
    } catch {
      throw CommandError("\(path): not a list of messages: \(error)")
    }
  }
}
