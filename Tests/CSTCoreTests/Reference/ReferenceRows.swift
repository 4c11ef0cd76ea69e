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
