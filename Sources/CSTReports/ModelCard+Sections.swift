import CSTCore
import Foundation

extension ModelCard.Section {
  /// The measures in a report's JSON file, as `cst eval --json` prints it; see ``measures(of:)``.
  ///
  /// - Throws: `FormatError` where the file cannot be read or is no report.
  public static func measures(inReport file: URL) throws -> ModelCard.Section {
    measures(of: try RecordFile.read(from: file, expected: "a report", holding: "a report of an evaluation"))
  }

  /// The measures of a report: a row a model, shares with their 95 % intervals.
  public static func measures(of report: ControllabilityReport) -> ModelCard.Section {
    let following = report.policy.configurations.filter { $0.expectedReply != nil }
    return ModelCard.Section(
      title: "Evaluation",
      columns: ["model", "switch accuracy"] + report.policy.configurations.map { "prefers as \($0.name)" }
        + following.map { "replies as \($0.name)" } + ["over-refusal"],
      rows: report.models.map { model in
        [model.model, text(model.switching)] + model.preference.map { text($0.proportion) }
          + model.following.map { text($0.proportion) } + [text(model.overRefusal)]
      })
  }

  private static func text(_ share: Proportion) -> String {
    guard let estimate = share.estimate else { return "–" }
    let (low, high) = (FixedPoint.percent(share.interval.low), FixedPoint.percent(share.interval.high))
    return "\(FixedPoint.percent(estimate)) (\(low) to \(high); \(share.count) of \(share.total))"
  }
}

extension ModelCard.Section {
  /// What `run.json` of a training run says: model, data and options. Files are named without the folders they were in.
  ///
  /// - Throws: `FormatError` where the file cannot be read or is no such record.
  public static func trainingRun(contentsOf file: URL) throws -> ModelCard.Section {
    let run = try RunRecord(contentsOf: file)
    var rows = [["cst", run.version], ["base model file", text(run.model)], ["data", text(run.dataFile)]]
    rows.append(["rows, pairs", "\(run.data.rowsUsed), \(run.data.pairs)"])
    if let policyFile = run.policyFile { rows.append(["policy", text(policyFile)]) }
    rows.append(["steps", "\(run.stepsDone)"])
    for (name, value) in run.options.sorted(by: { $0.key < $1.key }) where name != "steps" {
      if let words = value.words { rows.append([name.replacing("_", with: " "), words]) }
    }
    return ModelCard.Section(title: "Training", columns: ["", "value"], rows: rows)
  }

  private static func text(_ input: RunInput) -> String {
    "\(URL(filePath: input.path).lastPathComponent) (SHA-256 \(input.sha256))"
  }
}
