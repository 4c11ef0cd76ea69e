import Foundation

/// `metrics.jsonl`: a row a step, in the file as soon as the step is done.
package struct MetricsLog: Sendable {
  private let file: URL
  private let handle: FileHandle

  /// Opens the log, keeping only the rows of the steps up to `step`: those after a checkpoint will be computed again.
  /// - Throws: ``FormatError``.
  init(file: URL, keepingUpToStep step: Int) throws {
    self.file = file
    do {
      let old = FileManager.default.fileExists(atPath: file.path) ? try Data(contentsOf: file) : Data()
      try AtomicFile.write(Self.rows(of: old, upToStep: step), to: file)
      handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
    } catch let error where !(error is FormatError) {
      throw FormatError(.unwritable, file: file.path, found: error.localizedDescription)
    }
  }

  /// Adds the row of a step.
  /// - Throws: ``FormatError``.
  func append(_ report: StepReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let row = try encoder.encode(report) + [UInt8(ascii: "\n")]
    do { try handle.write(contentsOf: row) } catch {
      throw FormatError(
        .unwritable, file: file.path, expected: "room for step \(report.step)", found: error.localizedDescription)
    }
  }

  private struct Row: Decodable {
    let step: Int
  }

  /// The whole lines from the start that belong to steps up to `step`.
  package static func rows(of log: Data, upToStep step: Int) -> Data {
    let decoder = JSONDecoder()
    let kept = log.split(separator: UInt8(ascii: "\n")).prefix { line in
      ((try? decoder.decode(Row.self, from: Data(line)))?.step).map { $0 <= step } ?? false
    }
    return kept.reduce(into: Data()) { $0 += $1 + [UInt8(ascii: "\n")] }
  }
}
