import CSTCore
import Foundation

extension JSONDecoder {
  /// Reads keys such as `chosen_logp_f64` into properties such as `chosenLogpF64`; parameter names, which have dots,
  /// stay as they are.
  fileprivate static var reference: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom { path in
      let key = path[path.count - 1]
      guard !key.stringValue.contains(".") else { return key }
      let words = key.stringValue.split(separator: "_")
      return ReferenceKey(
        words.dropFirst().reduce(String(words[0])) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() })
    }
    return decoder
  }
}

private struct ReferenceKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(_ stringValue: String) { self.stringValue = stringValue }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

/// The files of `shared/reference`, as decoded.
struct ReferenceRow: Decodable {
  let row: Int
  let promptIds: [Int32]
  let chosenIds: [Int32]
  let rejectedIds: [Int32]
  let chosenLogpF64: Double
  let rejectedLogpF64: Double

  var group: CompletionGroup { CompletionGroup(prompt: promptIds, completions: [chosenIds, rejectedIds]) }

  static func all(in shared: URL) throws -> [ReferenceRow] {
    try JSONDecoder.reference.decode(
      [ReferenceRow].self, from: Data(contentsOf: shared.appending(path: "reference/rows.json")))
  }
}

/// `dpo_step.json`: one DPO step's loss and gradient norms, in two precisions.
struct ReferenceStep: Decodable {
  struct Gradient: Decodable { let norm: Double }
  struct Numbers: Decodable {
    let loss: Double
    let logps: [[Double]]
    let grads: [String: Gradient]
    let globalGradNorm: Double
  }
  let rows: [Int]
  let beta: Double
  let float64: Numbers

  init(in shared: URL) throws {
    self = try JSONDecoder.reference.decode(
      Self.self, from: Data(contentsOf: shared.appending(path: "reference/dpo_step.json")))
  }
}

/// `dpo_run.json`: losses and gradient norms of 20 AdamW steps.
struct ReferenceRun: Decodable {
  struct Step: Decodable {
    let rows: [Int]
    let loss: Double
    let gradNorm: Double
  }
  let float64: [Step]

  init(in shared: URL) throws {
    self = try JSONDecoder.reference.decode(
      Self.self, from: Data(contentsOf: shared.appending(path: "reference/dpo_run.json")))
  }
}
