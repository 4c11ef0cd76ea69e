import CSTCore
import Foundation

/// What a policy says about generating data. ``CSTCore/SafetyPolicy`` keeps it without understanding it.
private struct SynthesisSections: Codable {
  var rubric: Rubric?
  var synthesis: SynthesisPrompts?
}

extension SafetyPolicy {
  package var rubric: Rubric? { get throws(PreferenceError) { try sections().rubric } }

  /// How preference data for the policy is generated; a policy that says nothing has the defaults.
  package var synthesis: SynthesisPrompts {
    get throws(PreferenceError) { try sections().synthesis ?? SynthesisPrompts() }
  }

  package init(
    name: String, configurations: [SafetyConfiguration], defaultName: String, rubric: Rubric? = nil,
    synthesis: SynthesisPrompts = SynthesisPrompts()
  ) throws(PreferenceError) {
    try self.init(name: name, configurations: configurations, defaultName: defaultName)
    let own = SynthesisSections(rubric: rubric, synthesis: synthesis == SynthesisPrompts() ? nil : synthesis)
    do {
      extensions = try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(own))
    } catch {
      throw PreferenceError(reason: .malformedPolicy, detail: "\(error)")
    }
    _ = try sections()
  }

  /// Reads a policy from a JSON file as ``CSTCore/SafetyPolicy/init(contentsOf:)`` does, and checks what it says about
  /// generating data as well, so that a slip there is found before the work begins. What is held out for measuring must be
  /// no near duplicate of what training draws from.
  ///
  /// - Throws: ``CSTCore/PreferenceError`` naming the file and the field: `unreadableFile`, `malformedPolicy` or
  ///   `invalidPolicy`.
  public init(checkedContentsOf file: URL) throws(PreferenceError) {
    try self.init(contentsOf: file, checking: { _ = try JSONDecoder().decodeChecked(SynthesisSections.self, from: $0) })
    do throws(PreferenceError) {
      _ = try sections()
      try checkHeldOut()
    } catch {
      throw error.inFile(file)
    }
  }

  /// - Throws: ``CSTCore/PreferenceError`` with reason `invalidPolicy` where something held out is a near duplicate of
  ///   something trained on: it would measure what was memorised.
  private func checkHeldOut() throws(PreferenceError) {
    func check(_ heldOut: [String], _ key: String, against trained: [String], _ other: String) throws(PreferenceError) {
      guard let match = NearDuplicates().matches(of: heldOut, in: trained).first else { return }
      let similarity = (match.similarity * 100).rounded() / 100
      throw .invalidPolicy(
        "\(key)[\(match.query)] is a near duplicate (\(similarity)) of \(other)[\(match.candidate)], which is trained on: "
          + "\"\(heldOut[match.query].excerpt(60))\"; reword or remove it")
    }
    for configuration in configurations {
      let place = "configuration \"\(configuration.name)\": "
      try check(
        configuration.heldOutParaphrases, place + "held_out_paraphrases",
        against: configuration.sampleWordings(from: surroundings.slots),
        "its wordings")
      try check(
        configuration.heldOutOverrides, place + "held_out_overrides", against: configuration.overrides, "overrides")
    }
    try check(heldOutSurroundings.frames, "held_out_frames", against: surroundings.frames, "frames")
    func texts(_ turns: [[Message]]) -> [String] { turns.map { $0.map(\.content).joined(separator: "\n") } }
    try check(
      texts(heldOutSurroundings.neutralTurns), "held_out_neutral_turns", against: texts(surroundings.neutralTurns),
      "neutral_turns")
  }

  private func sections() throws(PreferenceError) -> SynthesisSections {
    let sections: SynthesisSections
    do {
      sections = try JSONDecoder().decodeChecked(from: JSONEncoder().encode(extensions))
    } catch let error as PreferenceError {
      throw error
    } catch {
      throw PreferenceError(reason: .malformedPolicy, detail: "\(error)")
    }
    let names = configurations.map(\.name)
    if let rubric = sections.rubric, rubric.levels.sorted() != names.sorted() {
      throw .invalidPolicy(
        "the rubric's levels are \(PreferenceError.list(rubric.levels)); "
          + "they must be its configurations, each once: \(PreferenceError.list(names))")
    }
    try sections.synthesis?.check(names: Set(names), hasRubric: sections.rubric != nil)
    return sections
  }
}
