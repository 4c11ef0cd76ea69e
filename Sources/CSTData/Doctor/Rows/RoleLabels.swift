import Foundation

/// Finds the name of a speaker or of a label where an answer should begin, and turns of a conversation inside it.
struct RoleLabels: Sendable {
  private let names: Set<String>

  private static let common: Set<String> = [
    "assistant", "ai", "ai assistant", "human", "user", "system", "bot", "chatbot", "gpt", "chatgpt", "chosen",
    "rejected",
    "preferred", "response a", "response b", "response 1", "response 2", "answer a", "answer b", "answer 1", "answer 2",
  ]
  /// What is a label as a heading only: an answer may well begin with "Answer:".
  private static let headings: Set<String> = ["response", "answer", "output", "instruction", "input"]
  private static let turns = ["\nHuman:", "\nAssistant:", "\nUSER:", "\nASSISTANT:"].map { Array($0.utf8) }
  private static let longestLabel = 32

  /// - Parameter configurations: Names of configurations, which are labels too.
  init(configurations: [String]) { names = Self.common.union(configurations.map { $0.lowercased() }) }

  /// The label that an answer carries, as it stands there, or `nil`.
  func label(of answer: String) -> String? {
    if let label = leadingLabel(of: answer) { return label }
    var answer = answer
    return answer.withUTF8 { bytes in
      var position = 0
      while let lineBreak = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) {
        let rest = bytes[lineBreak...]
        if let turn = Self.turns.first(where: rest.starts(with:)) {
          return String(decoding: turn.dropFirst(), as: UTF8.self)
        }
        position = lineBreak + 1
      }
      return nil
    }
  }

  private func leadingLabel(of answer: String) -> String? {
    var start = answer.utf8.prefix(Self.longestLabel + 16).drop { $0 <= 0x20 }
    let isHeading = start.first == UInt8(ascii: "#")
    start = start.drop { $0 <= 0x20 || $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "[") }
    guard let colon = start.prefix(Self.longestLabel).firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let label = answer[start.startIndex..<colon]
    let name = label.trimmingCharacters(in: Self.decoration).lowercased()
    guard names.contains(name) || (isHeading && Self.headings.contains(name)) else { return nil }
    return label + ":"
  }

  private static let decoration = CharacterSet(charactersIn: "*_] ")
}
