import CSTCore
import Foundation

/// Text from outside: a file or standard input.
enum InputText {
  /// The text of a file, or of standard input where `path` is `nil`.
  static func read(_ path: String?) throws -> String {
    guard let path else {
      let data = try FileHandle.standardInput.readToEnd() ?? Data()
      return try String(validatedUTF8: data, from: "standard input")
    }
    return try String(validatedUTF8: bytes(ofFile: path), from: path)
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

  /// A conversation: a JSON list of `{"role": …, "content": …}`.
  static func messages(inFile path: String) throws -> [Message] {
    let data = try bytes(ofFile: path)
    let messages: [Message]
    do {
      messages = try JSONDecoder().decodeChecked(from: data)
    } catch let problem as JSONProblem {
      throw CommandError("\(path): not a list of messages: \(problem)")
    }
    guard !messages.isEmpty else { throw CommandError("\(path): there are no messages in this file") }
    return messages
  }
}
