import CSTCore

/// Which of a configuration's wordings its system prompts are spelled with.
public enum PromptWording: Hashable, Sendable {
  /// The system prompt itself.
  case systemPrompt
  /// For every pair one of the system prompt and its paraphrases, each as likely, as the seed decides.
  case drawn(seed: UInt64)
  /// All of them. Every pair is written as often as the configuration with the most wordings has them, one after the other;
  /// a configuration with fewer begins again, so that both twins of a flip weigh the same.
  case all
}

extension Collection where Element == PreferencePair {
  /// The flip written out as ranked rows with system prompts, which may be reworded.
  ///
  /// With ``PromptWording/systemPrompt`` these are the rows of ``spelledOut(by:)``. Reworded rows still count as the
  /// configuration's wherever a policy is given; they cannot be folded, because that would lose the wording. Rows that spell
  /// out a system prompt of their own are reworded where it is exactly a configuration's, and otherwise stay.
  ///
  /// - Throws: ``CSTCore/PreferenceError`` as ``spelledOut(by:)``; `invalidPolicy` where wordings are asked for and the policy
  ///   has no paraphrase.
  public func augmented(
    by policy: SafetyPolicy, wording: PromptWording = .systemPrompt
  ) throws(PreferenceError) -> [PreferencePair] {
    let mostWordings = policy.configurations.map(\.wordings.count).max() ?? 1
    guard wording == .systemPrompt || mostWordings > 1 else {
      throw PreferenceError(
        reason: .invalidPolicy, detail: "no configuration of \"\(policy.name)\" has \"paraphrases\" to reword it by")
    }
    let wordings = Dictionary(uniqueKeysWithValues: policy.configurations.map { ($0.name, $0.wordings) })
    let firstGroup = (compactMap { $0.columns[PreferencePair.groupColumn]?.integer }.max() ?? -1) + 1
    var rows: [PreferencePair] = []
    for (row, pair) in enumerated() {
      var generator: SeededGenerator? = nil
      if case .drawn(let seed) = wording { generator = SeededGenerator(seed: seed, stream: UInt64(row)) }
      let spelled = try pair.spelledOut(by: policy, row: row, group: firstGroup + row)
      for copy in 0..<(wording == .all ? mostWordings : 1) {
        for part in spelled {
          guard let configuration = part.configuration, let ranking = part.row.ranking,
            ranking.system == configuration.systemPrompt, let texts = wordings[configuration.name]
          else {
            if copy == 0 { rows.append(part.row) }
            continue
          }
          let index = generator?.uniform(below: texts.count) ?? copy % texts.count
          rows.append(part.row.replacing(.systemPrompt(texts[index])))
        }
      }
    }
    return rows
  }
}
