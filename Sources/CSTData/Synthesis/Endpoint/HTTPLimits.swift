/// How long a reply may take, and how large it may be.
public struct HTTPLimits: Sendable, Hashable {
  /// How long not a single byte may arrive. A server that streams writes a token at a time; one that does not is silent
  /// until its reply is done, and one that queues calls is silent until a call's turn comes.
  public var idle: Duration
  /// How long a whole call may take.
  public var total: Duration
  /// How many bytes a reply may have, after decompression.
  public var maximumBytes: Int

  /// Traps on limits that nothing can keep.
  public init(idle: Duration = .seconds(60), total: Duration = .seconds(600), maximumBytes: Int = 8_000_000) {
    precondition(idle > .zero && total > .zero, "time limits are above 0: idle \(idle), total \(total)")
    precondition(maximumBytes > 0, "a reply's largest size is above 0 bytes, not \(maximumBytes)")
    self.idle = idle
    self.total = total
    self.maximumBytes = maximumBytes
  }
}
