import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct DataAugmentCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "augment",
    abstract: "Write out the flip: every preference with its system prompt, which may be reworded.",
    discussion: """
      With k configurations a row with an answer for each gives k·(k − 1) rows, a neutral row k. With --paraphrases every \
      row's system prompt is drawn from the configuration's system prompt and its paraphrases in the policy; with \
      --paraphrases all each row is written in all wordings.

      Example: cst data augment pairs.jsonl --policy policy.json --out flipped.jsonl --paraphrases
      """)

  /// How many wordings a row is written in.
  enum Paraphrases: String, CaseIterable, ExpressibleByArgument { case one, all }

  @OptionGroup var input: DataInput
  @OptionGroup var output: DataOutput

  @Option(help: .init("The policy with the system prompts.", valueName: "file"), completion: .file())
  var policy: String

  @Option(defaultAsFlag: Paraphrases.one, help: "Reword system prompts: each row in one wording, or in all.")
  var paraphrases: Paraphrases?

  @Option(parsing: .unconditional, help: .init("Decides the wordings.", valueName: "n"))
  var seed: UInt64 = 42

  @OptionGroup var common: CommonOptions

  func execute() async throws {
    try OutputFile.check([output.out], inputs: [input.file, policy])
    let file = try input.load()
    let policyFile = URL(filePath: policy)
    let policy = try SafetyPolicy(checkedContentsOf: policyFile)
    let wording: PromptWording =
      switch paraphrases {
      case nil: .systemPrompt
      case .one: .drawn(seed: seed)
      case .all: .all
      }
    let rows: [PreferencePair]
    do {
      rows = try file.withPlaces { rows throws(PreferenceError) in try rows.augmented(by: policy, wording: wording) }
    } catch var error as PreferenceError {
      error.file = policyFile
      throw error
    }
    try rows.write(to: output.location)
    try output.summarize(
      "\(rows.count) rows from \(file.count)", rowsRead: file.count, rowsWritten: rows.count, asJSON: common.json)
  }
}
