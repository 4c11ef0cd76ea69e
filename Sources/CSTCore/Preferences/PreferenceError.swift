import Foundation

/// Why a policy could not be used, or a row could not be turned into training pairs.
public struct PreferenceError: PlacedError, Hashable {
  /// The kind of failure.
  public struct Reason: Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure in two or three words.
    public let description: String

    /// The policy file could not be opened.
    public static let unreadableFile = Reason(description: "unreadable file")
    /// The policy file is not the JSON a policy is written in.
    public static let malformedPolicy = Reason(description: "malformed policy")
    /// The policy breaks one of the rules of ``SafetyPolicy``.
    public static let invalidPolicy = Reason(description: "invalid policy")
    /// A name that the policy does not have.
    public static let unknownConfiguration = Reason(description: "unknown configuration")
    /// A row with answers per configuration lacks one of them.
    public static let missingAnswer = Reason(description: "missing answer")
    /// The answers a row ranks are the same text, so it says nothing.
    public static let identicalAnswers = Reason(description: "identical answers")
    /// An answer that says nothing: training would teach the model to end at once.
    public static let emptyAnswer = Reason(description: "empty answer")
    /// A row that says neither its system prompt nor its configuration where one is needed.
    public static let noConfiguration = Reason(description: "no configuration")
    /// A row that only a policy can turn into training pairs.
    public static let needsPolicy = Reason(description: "needs a policy")
    /// A row's judge scores lack what a soft label is computed from, or are no probabilities.
    public static let unusableJudgeScores = Reason(description: "unusable judge scores")
    /// A row says something that the form asked for has no place for.
    public static let inexpressible = Reason(description: "cannot be expressed")
  }

  /// The kind of failure.
  public var reason: Reason
  /// The file, where one was read.
  public var file: URL?
  /// Where the row to blame was read, if that is known.
  public var rowPlace: RowPlace?
  /// The row's position in the collection, counted from 0, where a row is to blame.
  public var row: Int?
  /// What was expected, what was found and what to do.
  public var detail: String

  /// Creates an error.
  public init(reason: Reason, file: URL? = nil, rowPlace: RowPlace? = nil, row: Int? = nil, detail: String) {
    self.reason = reason
    self.file = file
    self.rowPlace = rowPlace
    self.row = row
    self.detail = detail
  }

  /// The file and the row, as far as they are known; the row's number is that in its file, where it has one.
  public var place: String {
    let row = (rowPlace?.row ?? row).map { "row \($0) (counted from 0)" }
    return [rowPlace?.description ?? file?.path, row].compactMap { $0 }.joined(separator: ": ")
  }
}

extension PreferenceError {
  package static func invalidPolicy(_ detail: String) -> PreferenceError {
    PreferenceError(reason: .invalidPolicy, detail: detail)
  }

  package func inFile(_ file: URL) -> PreferenceError {
    var error = self
    error.file = file
    return error
  }

  /// Names as a reader of a message wants them: `"a", "b"`.
  package static func list(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ", ")
  }
}

extension Decoder {
  /// Refuses an object with a key that its type does not know, because a misspelt option must not be lost.
  ///
  /// - Throws: `DecodingError.dataCorrupted` naming the key and the known ones.
  package func refuseUnknownKeys<Key: CodingKey & CaseIterable>(known: Key.Type, in what: String) throws {
    let names = known.allCases.map(\.stringValue)
    let fields = try container(keyedBy: AnyKey.self)
    let unknown = fields.allKeys.map(\.stringValue).filter { !names.contains($0) }.min()
    guard let unknown else { return }
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: codingPath + [AnyKey(stringValue: unknown)],
        debugDescription: "\(what) has no such key; the known ones are \(PreferenceError.list(names))"
      )
    )
  }
}
