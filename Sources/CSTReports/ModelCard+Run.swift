import CSTCore
import Foundation

extension ModelCard.Section {
  /// What `run.json` of a training run says: model, data and options. Files are named without the folders they were in.
  ///
  /// - Throws: ``FormatError`` where the file cannot be read or is no such record.
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
