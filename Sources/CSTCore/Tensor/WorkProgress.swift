/// How far a long piece of work has come.
public struct WorkProgress: Sendable, Hashable, CustomStringConvertible {
  /// Told about progress, from any thread but one at a time.
  public typealias Report = @Sendable (WorkProgress) -> Void

  /// What is being done; more stages may come.
  public struct Stage: Sendable, Hashable, CustomStringConvertible {
    /// The word to show.
    public let description: String

    /// Scoring the answers of rows.
    public static let scoring = Stage(description: "scoring")
    /// Generating replies.
    public static let generating = Stage(description: "generating")
    /// Looking at rows; the word says how many were looked at.
    public static let checking = Stage(description: "checked")
  }

  /// What is being done.
  public let stage: Stage
  /// How many of its items are done.
  public let done: Int
  /// How many there are.
  public let total: Int

  package init(_ stage: Stage, _ done: Int, of total: Int) {
    self.stage = stage
    self.done = done
    self.total = total
  }

  /// Whether the stage is over.
  public var isComplete: Bool { done == total }

  /// `generating 3/120`.
  public var description: String { "\(stage) \(done)/\(total)" }
}
