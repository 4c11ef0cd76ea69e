import CSTCore

/// An axis on which a policy's configurations lie, such as from terse to florid, for rubric-guided preference pairs
/// (Gallego, Configurable Preference Tuning, arXiv 2506.11702).
package struct Rubric: Hashable, Sendable {
  /// What is measured, for a judge to read.
  package var criteria: String
  /// The names of the policy's configurations, each once, from the lowest level to the highest.
  package var levels: [String]

  /// The level of a configuration, counted from 1, or `nil` if it is not on the axis.
  package func level(of configuration: String) -> Int? { levels.firstIndex(of: configuration).map { $0 + 1 } }
}

extension Rubric: Codable {
  private enum Key: String, CodingKey, CaseIterable { case criteria, levels, description }

  /// Reads `{"criteria": …, "levels": [names from low to high], "description": …}`, the last optional.
  package init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(known: Key.self, in: "a rubric")
    let fields = try decoder.container(keyedBy: Key.self)
    criteria = try fields.decode(String.self, forKey: .criteria)
    levels = try fields.decode([String].self, forKey: .levels)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(criteria, forKey: .criteria)
    try fields.encode(levels, forKey: .levels)
  }
}
