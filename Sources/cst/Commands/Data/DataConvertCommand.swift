import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct DataConvertCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write preference data in another form, and lose nothing.",
    discussion: """
      native is this project's form; trl has the texts system, prompt, chosen and rejected; conversational has lists of \
      messages. Any of them is read. With --policy, rows that need it are written out with its system prompts, one row a \
      preference, and marked by the columns cst_row and cst_form; to native, such rows are folded back.

      Example: cst data convert pairs.jsonl --out trl.jsonl --to trl --policy policy.json
      """)

  @OptionGroup var input: DataInput
  @OptionGroup var output: DataOutput

  @Option(help: "The form to write.")
  var to: PreferenceForm

  @Flag(help: "Write one JSON list instead of a row a line.")
  var list = false

  @Option(help: .init("The policy with the system prompts.", valueName: "file"), completion: .file())
  var policy: String?

  @OptionGroup var common: CommonOptions

  func execute() async throws {
    try OutputFile.check([output.out], inputs: [input.file] + [policy].compactMap { $0 })
    let file = try input.load()
    let policy = try policy.map { try SafetyPolicy(checkedContentsOf: URL(filePath: $0)) }
    let rows = try file.withPlaces { rows throws(PreferenceError) in try rows.converted(to: to, by: policy) }
    try rows.write(to: output.location, as: to, asList: list)
    try output.summarize(
      "\(rows.count) rows of \(file.count) in the form \(to.rawValue)", rowsRead: file.count, rowsWritten: rows.count,
      asJSON: common.json)
  }
}

extension PreferenceForm: ExpressibleByArgument {}
