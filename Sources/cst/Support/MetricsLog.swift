import CSTCore
import Foundation

/// `metrics.jsonl`: a row a step, in the file as soon as the step is done.
struct MetricsLog {
  private let file: URL
  private let handle: FileHandle

  /// Opens the log, keeping only the rows of the steps up to `step`: those after a checkpoint will be computed again.
  /// - Throws: ``CommandError``.
  init(file: URL, keepingUpToStep step: Int) throws {
    self.file = file
    let old = FileManager.default.fileExists(atPath: file.path) ? try InputText.bytes(ofFile: file.path) : Data()
    try AtomicFile.write(Self.rows(of: old, upToStep: step), to: file)
    do {
      handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
    } catch {
      throw CommandError("\(file.path): cannot be written: \(error.localizedDescription)")
    }
  }

  /// Adds the row of a step.
  /// - Throws: ``CommandError``.
  func append(_ report: StepReport) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      try handle.write(contentsOf: try encoder.encode(report) + [UInt8(ascii: "\n")])
    } catch {
      throw CommandError("\(file.path): step \(report.step) cannot be written: \(error.localizedDescription)")
    }
  }

  private struct Row: Decodable {
    let step: Int
  }

  /// The whole lines from the start that belong to steps up to `step`.
  static func rows(of log: Data, upToStep step: Int) -> Data {
    let decoder = JSONDecoder()
    let kept = log.split(separator: UInt8(ascii: "\n")).prefix { line in
      ((try? decoder.decode(Row.self, from: Data(line)))?.step).map { $0 <= step } ?? false
    }
    return kept.reduce(into: Data()) { $0 += $1 + [UInt8(ascii: "\n")] }
  }
}
