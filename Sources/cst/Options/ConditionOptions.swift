import ArgumentParser
import CSTCore
import Foundation

/// Under which conditions a switch is measured, and beside what.
struct ConditionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Measure under these conditions, with commas between, of \(Self.names); all: each that policy and data have probes for "
        + "(default: exact).", valueName: "names"),
    transform: Self.conditions(from:))
  var conditions: [EvaluationCondition] = [.exact]

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Measure these beside the model: base, or folders with adapters.", valueName: "folder"))
  var beside: [String] = []

  private static let names = EvaluationCondition.allCases.map(\.rawValue).joined(separator: ", ")

  private static func conditions(from text: String) throws -> [EvaluationCondition] {
    if text == "all" { return EvaluationCondition.allCases }
    let named = try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let condition = EvaluationCondition(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
        throw ValidationError("\"\(name)\" is not one of all, \(names)")
      }
      return condition
    }
    return EvaluationCondition.allCases.filter(named.contains)
  }

  /// The models to measure, those beside first.
  /// - Throws: `FormatError` where an adapter cannot be read or is another model's.
  func models(_ model: LanguageModel, named name: String) throws -> [(name: String, model: LanguageModel)] {
    var models: [(name: String, model: LanguageModel)] = try beside.map { beside in
      guard beside != "base" else { return ("base", model.adapted(by: nil)) }
      let folder = URL(filePath: beside)
      let adapter = try LoRAAdapter(contentsOf: folder, for: model)
      return (name: folder.lastPathComponent, model: model.adapted(by: adapter))
    }
    models.append((name, model))
    let names = models.map(\.name)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw CommandError("--beside: two models are called \"\(twice)\"; give folders with different names")
    }
    return models
  }
}
