/// Why a tokenizer or a text was refused.
///
/// The `description` is one line that names the place, what was expected, what was found and what to do.
public struct TokenizerError: PlacedError, Hashable {
  /// The kind of failure; compare it to react to one kind.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// A short English phrase, stable within a major version.
    public let description: String

    /// The tokenizer's algorithm is not one this library implements.
    public static let unknownModel = Reason(description: "unknown tokenizer model")
    /// The rule that splits text into words is not one this library implements.
    public static let unknownPreTokenizer = Reason(description: "unknown pre-tokenizer")
    /// A token, a token type or a special token id contradicts the rest of the vocabulary.
    public static let malformedVocabulary = Reason(description: "malformed vocabulary")
    /// A merge rule cannot be applied with this vocabulary.
    public static let malformedMerge = Reason(description: "malformed merge")
    /// Bytes that should be text are not valid UTF-8.
    public static let invalidUTF8 = Reason(description: "invalid UTF-8")
  }

  /// The kind of failure.
  public let reason: Reason
  /// Where: a metadata key, a token id, a merge's rank, a file and byte offset.
  public let place: String
  /// Expected, found, and what to do.
  public let detail: String

  package init(_ reason: Reason, at place: String, _ detail: String) {
    self.reason = reason
    self.place = place
    self.detail = detail
  }

  /// Text from a file as it may stand in a message: in quotes, escaped and no longer than 80 characters.
  package static func quote(_ text: String) -> String {
    let beginning = String(String.UnicodeScalarView(text.unicodeScalars.prefix(80)))
    return beginning.debugDescription + (beginning.utf8.count < text.utf8.count ? "…" : "")
  }

  /// One line for a person: reason, place and detail.
  public var description: String { "\(reason) at \(place): \(detail)" }
}
