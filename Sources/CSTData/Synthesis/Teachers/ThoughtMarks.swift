import CSTCore

/// A reply without the thoughts that a model wrote before its answer, between marks that are text.
struct ThoughtMarks {
  /// What is left: the answer.
  private(set) var text: String
  /// Thoughts taken out.
  private(set) var count = 0
  /// Whether a thought has no end, so that no answer follows.
  private(set) var isOpen = false

  private static let marks: [(opening: String, closing: String)] =
    ["think", "thinking", "thought", "reasoning", "reflection"].map { ("<\($0)>", "</\($0)>") } + [
      ("[THINK]", "[/THINK]"), ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
      ("<|begin_of_thought|>", "<|end_of_thought|>"), ("<seed:think>", "</seed:think>"),
      ("\u{25C1}think\u{25B7}", "\u{25C1}/think\u{25B7}"),
    ]

  init(_ reply: String) {
    text = reply
    var rest = reply.drop(while: \.isWhitespace)
    while let mark = Self.marks.first(where: { rest.hasPrefix($0.opening) }) {
      count += 1
      guard let end = rest.firstRange(of: mark.closing) else {
        (text, isOpen) = ("", true)
        return
      }
      rest = rest[end.upperBound...].drop(while: \.isWhitespace)
    }
    // Where the prompt opened the thought, the reply has its end only.
    if count == 0, let end = rest.firstRange(of: "</think>"), !rest[..<end.lowerBound].contains("<think>") {
      count = 1
      rest = rest[end.upperBound...].drop(while: \.isWhitespace)
    }
    if count > 0 { text = String(rest) }
  }
}
