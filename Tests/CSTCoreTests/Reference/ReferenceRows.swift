import CSTCore
import Foundation

/// The files of `shared/reference`, as decoded.
struct ReferenceRow: Decodable {
  let row: Int
  let prompt_ids: [Int32]
  let chosen_ids: [Int32]
  let rejected_ids: [Int32]
  let chosen_logp_f64: Double
  let rejected_logp_f64: Double

  var group: CompletionGroup { CompletionGroup(prompt: prompt_ids, completions: [chosen_ids, rejected_ids]) }

  static func all(in shared: URL) throws -> [ReferenceRow] {
    try JSONDecoder().decode(
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
    let global_grad_norm: Double
  }
  let rows: [Int]
  let beta: Double
  let float64: Numbers

  init(in shared: URL) throws {
    self = try JSONDecoder().decode(
      Self.self, from: Data(contentsOf: shared.appending(path: "reference/dpo_step.json")))
  }
}

/// `dpo_run.json`: losses and gradient norms of 20 AdamW steps.
struct ReferenceRun: Decodable {
  struct Step: Decodable {
    let rows: [Int]
    let loss: Double
    let grad_norm: Double
  }
  let float64: [Step]

  init(in shared: URL) throws {
    self = try JSONDecoder().decode(
      Self.self, from: Data(contentsOf: shared.appending(path: "reference/dpo_run.json")))
  }
}
