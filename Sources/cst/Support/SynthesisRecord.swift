import CSTCore
import CSTData
import Foundation

/// The record of a run of `cst synth`: everything needed to repeat it but the endpoint's key, and what came of it.
struct SynthesisRecord: Encodable {
  enum Status: String, Encodable { case running, finished, interrupted, failed }

  struct Settings: Encodable {
    let synthesis: SynthesisSettings
    let filter: SynthesisFilter
    let attemptsPerCall: Int
    let limit: Int?
  }

  let version: String
  let commandLine: [String]
  let teacher: String
  let judge: String
  let policyFile: RunInput
  let promptsFile: RunInput
  /// Prompts the run is for.
  let prompts: Int
  let settings: Settings
  let machine: RunRecord.Machine
  let start: Date
  var end: Date?
  var status = Status.running
  var seconds = 0.0
  var tally = SynthesisTally()

  var summary: String {
    let rejected = Self.list(tally.rejected)
    let dropped = tally.prompts - tally.rows
    return "\(tally.rows) rows from \(prompts) prompts" + (dropped > 0 ? ", \(dropped) rejected (\(rejected))" : "")
      + "; \(tally.calls) calls, \(tally.reusedCalls) more from the journal"
      + (tally.strippedThoughts == 0 ? "" : "; \(tally.strippedThoughts) thoughts taken out of replies")
      + (tally.unknownFinishReasons.isEmpty
        ? "" : "; replies that ended for an unknown reason: \(Self.list(tally.unknownFinishReasons))")
      + (tally.failures.isEmpty ? "" : "; failed attempts: \(Self.list(tally.failures))")
  }

  /// Counts by kind: the most frequent first.
  static func list(_ counts: [String: Int]) -> String {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
