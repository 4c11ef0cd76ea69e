import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct DataDedupeCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "dedupe", abstract: "Remove rows that say what an earlier row says.",
    discussion: """
      Equal rows go, and rows whose prompt is nearly an earlier row's: the first is kept. Twins of a flip, one prompt \
      under several system prompts, stay together. Lines of --removed are \
      {"line":n,"kept_line":n,"reason":"exact duplicate"|"near duplicate","similarity":x,"row":{…}}.

      Example: cst data dedupe pairs.jsonl --out distinct.jsonl --removed removed.jsonl
      """)

  @OptionGroup var input: DataInput
  @OptionGroup var output: DataOutput

  @Option(
    parsing: .unconditional,
    help: .init("Share of word pairs from which prompts count as nearly the same (default: 0.7).", valueName: "share"))
  var threshold: Double?

  @Flag(help: "Remove equal rows only.")
  var exact = false

  @Option(help: .init("Write the removed rows here.", valueName: "file"), completion: .file())
  var removed: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let threshold { try Requirement.positiveShare("--threshold", threshold) }
    if exact, threshold != nil { throw ValidationError("--exact and --threshold exclude each other: give one") }
  }

  func execute() async throws {
    try OutputFile.check([output.out] + [removed].compactMap { $0 }, inputs: [input.file])
    let file = try input.load()
    let found = Deduplication(
      of: Array(file), nearDuplicates: exact ? nil : NearDuplicates(threshold: threshold ?? 0.7))
    try found.kept.map { file[$0] }.write(to: output.location)
    if let removed {
      let lines = try found.removed.map { try RemovedRow(removal: $0, file: file).line() + "\n" }
      try AtomicFile.write(Data(lines.joined().utf8), to: URL(filePath: removed))
    }
    let counts = Dictionary(found.removed.map { ($0.reason, 1) }, uniquingKeysWith: +)
    let summary = Summary(
      out: output.out, rowsRead: file.count, rowsWritten: found.kept.count,
      exactDuplicates: counts[.exact] ?? 0, nearDuplicates: counts[.nearDuplicate] ?? 0)
    if common.json { return try Console.print(JSONText.line(summary)) }
    for removal in found.removed {
      try Console.print(
        "\(input.file):\(file.line(of: removal.row)): \(removal.reason.rawValue) of line \(file.line(of: removal.kept))"
      )
    }
    try Console.print(
      "\(output.out): \(found.kept.count) rows of \(file.count); removed \(summary.exactDuplicates) exact and "
        + "\(summary.nearDuplicates) near duplicates")
  }

  private struct Summary: Encodable {
    let out: String
    let rowsRead: Int
    let rowsWritten: Int
    let exactDuplicates: Int
    let nearDuplicates: Int
  }
}

/// A line of the file with the removed rows.
private struct RemovedRow: Encodable {
  private enum Key: String, CodingKey {
    case line, reason, similarity, row
    case keptLine = "kept_line"
  }

  let removal: Deduplication.Removal
  let file: PreferenceDataset

  /// Not as `JSONText` writes it: the names of a row's columns are its own.
  func line() throws -> String { String(decoding: try JSONEncoder.rows.encode(self), as: UTF8.self) }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(file.line(of: removal.row), forKey: .line)
    try fields.encode(file.line(of: removal.kept), forKey: .keptLine)
    try fields.encode(removal.reason.rawValue, forKey: .reason)
    try fields.encode(removal.similarity, forKey: .similarity)
    try fields.encode(file[removal.row], forKey: .row)
  }
}
