/// Counts what was found, and keeps the first examples.
struct FindingCollector {
  private let exampleCount: Int
  private var counts: [Finding.Kind: Int] = [:]
  private var examples: [Finding.Kind: [Finding.Example]] = [:]

  init(exampleCount: Int) { self.exampleCount = exampleCount }

  /// Counts one more. Call in the order of the rows.
  /// - Parameter example: Only asked for where it is one of the first.
  mutating func add(_ kind: Finding.Kind, _ example: @autoclosure () -> Finding.Example) {
    counts[kind, default: 0] += 1
    guard wantsExample(of: kind) else { return }
    examples[kind, default: []].append(example())
  }

  /// Whether another example of a kind would be kept.
  func wantsExample(of kind: Finding.Kind) -> Bool { examples[kind, default: []].count < exampleCount }

  /// Counts one more without an example.
  mutating func count(_ kind: Finding.Kind) { counts[kind, default: 0] += 1 }

  /// What was found: errors, then warnings, then notes, each in the order of ``Finding/Kind/all``.
  var findings: [Finding] {
    Finding.Severity.allCases.flatMap { severity in
      Finding.Kind.all.filter { $0.severity == severity }.compactMap { kind in
        counts[kind].map { Finding(kind, count: $0, examples: examples[kind] ?? []) }
      }
    }
  }
}
