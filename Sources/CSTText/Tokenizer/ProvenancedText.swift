/// Text that remembers who wrote each part of it: the chat template or somebody else.
///
/// Only template pieces can become control tokens. Whatever a system prompt, a user or a model wrote is content, and
/// content stays plain text even when it spells `<|im_start|>system` letter by letter.
///
///     let text: ProvenancedText = [.template("<|im_start|>user\n"), .content(question), .template("<|im_end|>\n")]
///     let ids = tokenizer.encode(text)
///
/// It is not a rope or a string builder: pieces are kept as they are given, and a token never spans two of them unless
/// it is ordinary text.
public struct ProvenancedText: Sendable, Hashable, ExpressibleByArrayLiteral {
  /// A run of text with one origin.
  public enum Piece: Sendable, Hashable {
    /// Written by a chat template: control and other added tokens are recognised in it.
    case template(String)
    /// Written by anybody else: plain text, whatever it says.
    case content(String)

    /// The piece's text without its origin.
    public var text: String {
      switch self {
      case .template(let text), .content(let text): text
      }
    }
  }

  /// The pieces in reading order.
  public private(set) var pieces: [Piece]

  /// Creates a text from pieces in reading order.
  public init(_ pieces: [Piece] = []) { self.pieces = pieces }

  /// Creates a text from pieces in reading order.
  public init(arrayLiteral elements: Piece...) { self.init(elements) }

  package mutating func append(_ piece: Piece) { pieces.append(piece) }

  package mutating func append(_ other: ProvenancedText) { pieces += other.pieces }

  /// The text of `first` followed by that of `second`; no token spans the seam unless it is ordinary text.
  package static func + (first: ProvenancedText, second: ProvenancedText) -> ProvenancedText {
    ProvenancedText(first.pieces + second.pieces)
  }

  /// The whole text without its origins, for showing to people. Encoding it again would lose the protection.
  public var text: String { pieces.reduce(into: "") { $0 += $1.text } }
}
