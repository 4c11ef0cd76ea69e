import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct DataSplitCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "split", abstract: "Divide preference data into rows to train on and rows to evaluate on.",
    discussion: """
      Rows whose prompts are the same or nearly the same stay on one side, and so do the twins of a flip. With --stratify \
      the share is kept within each task, within each form (switchable, neutral, a configuration's), or, if it is given \
      twice, within each combination, as nearly as that allows.

      Example: cst data split pairs.jsonl --train train.jsonl --held-out held-out.jsonl --stratify task
      """)

  @OptionGroup var input: DataInput

  @Option(help: .init("Write the rows to train on here.", valueName: "file"), completion: .file())
  var train: String

  @Option(help: .init("Write the rows kept back here.", valueName: "file"), completion: .file())
  var heldOut: String

  @Option(parsing: .unconditional, help: .init("Share of the rows to keep back.", valueName: "share"))
  var share = 0.1

  @Option(parsing: .unconditional, help: .init("Decides which rows are kept back.", valueName: "n"))
  var seed: UInt64 = 42

  @Option(help: .init("Keep the share within each kind of rows; may be repeated."))
  var stratify: [PreferenceStratum] = []

  @OptionGroup var common: CommonOptions

  func validate() throws { try Requirement.share("--share", share) }

  func execute() async throws {
    try OutputFile.check([train, heldOut], inputs: [input.file])
    let file = try input.load()
    let parts = file.split(heldOut: share, seed: seed, stratifiedBy: Set(stratify))
    try parts.training.write(to: URL(filePath: train))
    try parts.heldOut.write(to: URL(filePath: heldOut))
    let summary = Summary(
      train: train, heldOut: heldOut, rowsRead: file.count, trainRows: parts.training.count,
      heldOutRows: parts.heldOut.count)
    if common.json { return try Console.print(JSONText.line(summary)) }
    try Console.print("\(train): \(summary.trainRows) rows to train on")
    try Console.print("\(heldOut): \(summary.heldOutRows) rows held out")
  }

  private struct Summary: Encodable {
    let train: String
    let heldOut: String
    let rowsRead: Int
    let trainRows: Int
    let heldOutRows: Int
  }
}

extension PreferenceStratum: ExpressibleByArgument {}
