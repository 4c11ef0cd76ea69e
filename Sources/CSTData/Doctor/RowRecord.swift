/// What is kept of a row for a moment, until it is added to the tally.
struct RowRecord: Sendable {
  /// What is wrong with the row by itself; every kind once.
  private(set) var finds: [(kind: Finding.Kind, detail: String)] = []
  /// What it prefers, by configuration.
  var statements: [(scope: StatedScope, statement: Statement)] = []
  /// Its prompt; `nil` where the row cannot be read.
  var prompt: ShingledText?
  /// Whether it holds under every configuration.
  var isNeutral = false
  /// The configurations it answers for, sorted, where it has one answer for each.
  var answeredNames: [String]?

  mutating func add(_ kind: Finding.Kind, _ detail: @autoclosure () -> String) {
    if !finds.contains(where: { $0.kind == kind }) { finds.append((kind, detail())) }
  }
}
