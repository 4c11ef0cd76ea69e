/// What is kept of a row for a moment, until it is added to the tally.
struct RowRecord: Sendable {
  /// What is wrong with the row by itself; every kind once.
  private(set) var finds: [(kind: Finding.Kind, detail: String)] = []
  /// What it prefers, by configuration.
  var statements: [(scope: StatedScope, statement: Statement)] = []
  /// Its prompt; `nil` where the row cannot be read.
  var prompt: ShingledText?
  var isNeutral = false
  /// The configurations it answers for, sorted, where it has one answer for each.
  var answeredNames: [String]?

  mutating func add(_ kind: Finding.Kind, _ detail: @autoclosure () -> String) {
    if !finds.contains(where: { $0.kind == kind }) { finds.append((kind, detail())) }
  }
}

/// One preference as hashes: what rows are held against each other by.
struct Statement: Sendable {
  struct Traits: OptionSet, Sendable {
    let rawValue: UInt8
    /// The row holds under every configuration.
    static let neutral = Traits(rawValue: 1)
    /// The same preference of the row under one more configuration: not counted again in statistics.
    static let again = Traits(rawValue: 2)
    /// The row ranks its answers under one system prompt, so a flipped twin may be missing.
    static let ranked = Traits(rawValue: 4)
    /// The preferred answer refuses, and the configuration expects an answer.
    static let unexpectedRefusal = Traits(rawValue: 8)
    /// The preferred answer answers, and the configuration expects a refusal.
    static let unexpectedAnswer = Traits(rawValue: 16)
  }

  let prompt: UInt64
  let chosen: UInt64
  let rejected: UInt64
  let chosenLength: UInt32
  let rejectedLength: UInt32
  /// The hash of the preferred answer's first words; 0 where it has too few.
  let opener: UInt64
  var traits: Traits

  /// Tells preferences apart whatever they hold under.
  var preference: UInt64 { ContentHash.of(prompt, chosen, rejected) }
  /// The preference of the other answer.
  var flipped: UInt64 { ContentHash.of(prompt, rejected, chosen) }
}
