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
  /// generating data as well, so that a slip there is found before the work begins.
  ///
  /// - Throws: ``CSTCore/PreferenceError`` naming the file and the field: `unreadableFile`, `malformedPolicy` or
  ///   `invalidPolicy`.
  public init(checkedContentsOf file: URL) throws(PreferenceError) {
    try self.init(contentsOf: file, checking: { _ = try JSONDecoder().decodeChecked(SynthesisSections.self, from: $0) })
    do throws(PreferenceError) { _ = try sections() } catch { throw error.inFile(file) }
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
