import Foundation

/// Where the time of a training run went: a table to read, and `profile.json`.
package struct ProfileReport: Encodable {
  /// A line of the table.
  struct Line: Encodable {
    let work: String
    let seconds: Double
    let calls: Int?
    let floatingPointOperations: Double?
  }

  let seconds: Double
  let steps: Int
  /// Tokens the policy ran over.
  let tokens: Int
  let floatingPointOperations: Double
  let work: [Line]

  package init(_ profile: WorkProfile, of run: RunRecord) {
    seconds = profile.seconds
    steps = run.stepsDone - run.resumedAfterStep
    tokens = run.tokens
    floatingPointOperations = profile.floatingPointOperations
    let counted = profile.shares.map { share in
      Line(
        work: share.kind.rawValue, seconds: share.seconds, calls: share.calls,
        floatingPointOperations: share.floatingPointOperations > 0 ? share.floatingPointOperations : nil)
    }
    work =
      counted + [Line(work: "everything else", seconds: profile.otherSeconds, calls: nil, floatingPointOperations: nil)]
  }

  /// Writes `profile.json` beside the run's other files.
  /// - Throws: ``FormatError``.
  package func write(toFolder folder: URL) throws {
    try RecordFile.write(self, to: folder.appending(path: RunFolder.profileName))
  }

  /// The table, a line for each kind of work.
  package var table: String {
    let all = Line(work: "all", seconds: seconds, calls: nil, floatingPointOperations: floatingPointOperations)
    let head = Self.row("work", "seconds", "share", "calls", "GFLOP", "GFLOP/s")
    let rows = (work + [all]).map { line in
      Self.row(
        line.work, Self.rounded(line.seconds, 3), Self.rounded(100 * line.seconds / max(seconds, 1e-9), 1) + " %",
        line.calls.map(String.init) ?? "", line.floatingPointOperations.map { Self.rounded($0 / 1e9, 1) } ?? "",
        line.floatingPointOperations.map { Self.rounded($0 / 1e9 / max(line.seconds, 1e-9), 1) } ?? "")
    }
    return (["\(steps) steps, \(tokens) tokens", head] + rows).joined(separator: "\n") + "\n"
  }

  private static func row(_ name: String, _ columns: String...) -> String {
    name.padding(toLength: 16, withPad: " ", startingAt: 0)
      + columns.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
  }

  private static func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
