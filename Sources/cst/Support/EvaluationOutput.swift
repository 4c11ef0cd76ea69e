import CSTCore
import CSTReports
import Foundation

/// What `cst eval` found: how the switch works, what the model can still do, or both.
struct EvaluationOutput {
  var switching: ControllabilityReport?
  var capability: CapabilityReport?

  /// For a terminal.
  var text: String { [switching?.text(), capability?.text()].compactMap { $0 }.joined(separator: "\n") }

  /// Writes a page.
  /// - Throws: `FormatError`.
  func writePage(to file: URL) throws {
    let page = switching.map { HTMLReport($0, capability: capability).text } ?? capability?.html()
    try AtomicFile.write(Data((page ?? "").utf8), to: file)
  }
}

extension EvaluationOutput: Encodable {
  private enum Key: String, CodingKey {
    case capability
  }

  /// The members of the report on the switch, and `capability` beside them.
  func encode(to encoder: any Encoder) throws {
    try switching?.encode(to: encoder)
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encodeIfPresent(capability, forKey: .capability)
  }
}
