import Foundation

/// Why a policy could not be used, or a row could not be turned into training pairs.
public struct PreferenceError: Error, Hashable, Sendable {
  /// The kind of failure.
  public struct Reason: Hashable, Sendable {
    private let name: String

    /// The policy file could not be opened.
    public static let unreadableFile = Reason(name: "unreadable file")
    /// The policy file is not the JSON a policy is written in.
    public static let malformedPolicy = Reason(name: "malformed policy")
    /// The policy breaks one of the rules of ``SafetyPolicy``.
    public static let invalidPolicy = Reason(name: "invalid policy")
    /// A name that the policy does not have.
    public static let unknownConfiguration = Reason(name: "unknown configuration")
    /// A row with answers per configuration lacks one of them.
    public static let missingAnswer = Reason(name: "missing answer")
    /// The answers a row ranks are the same text, so it says nothing.
    public static let identicalAnswers = Reason(name: "identical answers")
    /// A row that says neither its system prompt nor its configuration where one is needed.
    public static let noConfiguration = Reason(name: "no configuration")
    /// A row that only a policy can turn into training pairs.
    public static let needsPolicy = Reason(name: "needs a policy")
    /// A row's judge scores lack what a soft label is computed from, or are no probabilities.
    public static let unusableJudgeScores = Reason(name: "unusable judge scores")
    /// A row says something that the form asked for has no place for.
    public static let inexpressible = Reason(name: "cannot be expressed")
  }

  /// The kind of failure.
  public var reason: Reason
  /// The file, where one was read.
  public var file: URL?
  /// Where the row to blame was read, if that is known.
  public var place: RowPlace?
  /// The row's position in the collection, counted from 0, where a row is to blame.
  public var row: Int?
  /// What was expected, what was found and what to do.
  public var detail: String

  /// Creates an error.
  public init(reason: Reason, file: URL? = nil, place: RowPlace? = nil, row: Int? = nil, detail: String) {
    self.reason = reason
    self.file = file
    self.place = place
    self.row = row
    self.detail = detail
  }
}

extension PreferenceError: CustomStringConvertible, LocalizedError {
  /// One line: the place (the row's number is that in its file, where it has one), then what is wrong.
  public var description: String {
    var places = [place?.description ?? file?.path].compactMap { $0 }
    if let row = place?.row ?? row { places.append("row \(row) (counted from 0)") }
    return (places + ["\(reason)", detail]).joined(separator: ": ")
  }

  /// The same line as `description`.
  public var errorDescription: String? { description }
}

extension PreferenceError.Reason: CustomStringConvertible {
  /// The kind of failure in two or three words.
  public var description: String { name }
}

extension PreferenceError {
  static func invalidPolicy(_ detail: String) -> PreferenceError {
    PreferenceError(reason: .invalidPolicy, detail: detail)
  }

  func inFile(_ file: URL) -> PreferenceError {
    var error = self
    error.file = file
    return error
  }

  /// Names as a reader of a message wants them: `"a", "b"`.
  static func list(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ", ")
  }
}

extension Decoder {
  /// Refuses an object with a key that its type does not know, because a misspelt option must not be lost.
  ///
  /// - Throws: `DecodingError.dataCorrupted` naming the key and the known ones.
  func refuseUnknownKeys<Key: CodingKey & CaseIterable>(known: Key.Type, in what: String) throws {
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
