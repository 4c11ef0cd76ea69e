/// A text with places to be filled in, such as `Criticise your answer by this: {{principles}}`.
///
/// What is filled in is never looked at again: a question that contains `{{answer}}` stays as it is.
package struct PromptTemplate: Hashable, Sendable {
  package enum Placeholder: String, Hashable, Sendable, CaseIterable {
    /// The user's last message.
    case question
    case system
    case configuration
    /// The configuration's principles, one a line; its system prompt where it has none.
    case principles
    /// The answer that is judged.
    case answer
    /// The configurations to choose from, one a line behind its letter.
    case options
    /// What the policy's rubric measures.
    case criteria
    /// The configuration's place on the rubric, counted from 1.
    case level
  }

  /// What is wrong with a template's text.
  struct SyntaxError: Error, Hashable { let problem: String }

  private enum Piece: Hashable {
    case text(String)
    case place(Placeholder)
  }

  package let source: String
  private let pieces: [Piece]

  var placeholders: [Placeholder] {
    pieces.compactMap { if case .place(let placeholder) = $0 { placeholder } else { nil } }
  }

  /// - Parameter allowed: What may be filled in.
  init(_ source: String, allowing allowed: [Placeholder]) throws(SyntaxError) {
    self.source = source
    var pieces: [Piece] = []
    var rest = source[...]
    while let open = rest.firstRange(of: "{{") {
      guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
        throw SyntaxError(problem: "\"{{\" is not closed by \"}}\"")
      }
      let name = rest[open.upperBound..<close.lowerBound].trimmed
      guard let placeholder = Placeholder(rawValue: name), allowed.contains(placeholder) else {
        let known = allowed.map { "{{\($0.rawValue)}}" }.joined(separator: ", ")
        throw SyntaxError(problem: "{{\(name)}} cannot be filled in here; what can is \(known)")
      }
      if open.lowerBound > rest.startIndex { pieces.append(.text(String(rest[..<open.lowerBound]))) }
      pieces.append(.place(placeholder))
      rest = rest[close.upperBound...]
    }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
    self.pieces = pieces
  }

  /// The text with every place filled in.
  /// - Precondition: `values` has a text for every placeholder in the template.
  func filled(with values: [Placeholder: String]) -> String {
    pieces.map { piece in
      switch piece {
      case .text(let text): return text
      case .place(let placeholder):
        guard let value = values[placeholder] else {
          preconditionFailure("PromptTemplate: nothing to fill in for {{\(placeholder.rawValue)}}")
        }
        return value
      }
    }.joined()
  }
}
