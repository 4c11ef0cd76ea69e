import CSTCore
import Foundation

/// What a folder's `README.md` says about the model in it: the switch, how it was made, how it was measured.
///
/// Only what it is given: a card invents nothing, and states no licence that it was not told.
public struct ModelCard: Sendable {
  /// A table of a card.
  public struct Section: Sendable, Hashable {
    /// The heading.
    public var title: String
    /// The heading of each column.
    public var columns: [String]
    /// The rows, as many cells each as there are columns.
    public var rows: [[String]]

    /// Creates a table. Traps where a row has not as many cells as there are columns.
    public init(title: String, columns: [String], rows: [[String]]) {
      require(rows.allSatisfy { $0.count == columns.count }, "rows of a table have \(columns.count) cells")
      self.title = title
      self.columns = columns
      self.rows = rows
    }
  }

  /// The base model, best as the hub calls it, `HuggingFaceTB/SmolLM2-135M-Instruct`; where `nil`, the name of its file.
  public var baseModel: String?
  /// The licence by the hub's name for it, `apache-2.0`, where whoever exports knows it.
  public var license: String?
  /// The configurations the model was trained to switch between.
  public var policy: SafetyPolicy?
  /// Further facts: of the training run, of an evaluation.
  public var sections: [Section]

  /// Creates a card.
  public init(baseModel: String? = nil, license: String? = nil, policy: SafetyPolicy? = nil, sections: [Section] = []) {
    self.baseModel = baseModel
    self.license = license
    self.policy = policy
    self.sections = sections
  }

  func text(of export: ModelExport) -> String {
    let base = export.baseModelName
    let name = URL(filePath: base).deletingPathExtension().lastPathComponent
    var page = frontMatter(export, base: base)
    page += "\n# \(Self.inline(name)) with a configurable safety switch\n\n"
    page += "One model whose behaviour follows its system prompt, tuned by Configurable Safety Tuning "
    page += "([arXiv 2404.00495](https://arxiv.org/abs/2404.00495)) with `cst`.\n\n"
    page += "- Base model: \(Self.inline(base))\n- Files: \(Self.description(of: export))\n"
    page += "- Licence: \(license.map(Self.inline) ?? "not stated; that of the base model, and of the data, applies")\n"
    if let policy { page += configurations(policy) }
    for section in sections { page += Self.table(section) }
    return page
  }

  private func frontMatter(_ export: ModelExport, base: String) -> String {
    var lines = ["---"]
    // The hub refuses a base model that is not the name of one of its repositories.
    if base.wholeMatch(of: /[A-Za-z0-9][\w.\-]*\/[\w.\-]+/) != nil { lines.append("base_model: \(base)") }
    lines.append("library_name: \(export.format.isAdapterOnly ? "peft" : "transformers")")
    if let license { lines.append("license: \(JSONString.quoted(license))") }
    lines += ["pipeline_tag: text-generation", "tags:", "- configurable-safety-tuning", "- dpo"]
    if export.model.adapter != nil { lines.append("- lora") }
    return (lines + ["---"]).joined(separator: "\n") + "\n"
  }

  private static func description(of export: ModelExport) -> String {
    guard let adapter = export.model.adapter?.configuration else {
      return "the model as it was read, weights in \(export.format.weightFormat)"
    }
    let shape = "LoRA adapter of rank \(adapter.rank) and alpha \(adapter.alpha)"
    return export.format.isAdapterOnly
      ? "a \(shape), to be used with the base model"
      : "the base model with a \(shape) merged in, weights in \(export.format.weightFormat)"
  }

  private func configurations(_ policy: SafetyPolicy) -> String {
    var page = "\n## Configurations\n\n"
    page += "Policy \"\(Self.inline(policy.name))\". The system prompt decides; use these texts as they are.\n"
    for configuration in policy.configurations {
      let isDefault = configuration.name == policy.defaultConfiguration.name
      page += "\n**\(Self.inline(configuration.name))**\(isDefault ? " (default)" : ""):\n\n"
      // An indented block shows any text as it is.
      for line in configuration.systemPrompt.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
        page += "    \(line)\n"
      }
    }
    return page
  }

  private static func table(_ section: Section) -> String {
    func row(_ cells: [String]) -> String { "| " + cells.map(inline).joined(separator: " | ") + " |\n" }
    return "\n## \(inline(section.title))\n\n" + row(section.columns)
      + row(section.columns.map { _ in "---" }) + section.rows.map(row).joined()
  }

  /// `text` on one line, with what Markdown would take for a cell's border, a link, emphasis or HTML escaped.
  private static func inline(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ").reduce(into: "") { escaped, character in
      if #"\|[]`*"#.contains(character) { escaped += "\\" }
      escaped += character == "<" ? "&lt;" : String(character)
    }
  }
}

extension ModelExport {
  /// An export whose folders carry a model card.
  ///
  /// - Throws: ``ExportError``, as ``ModelExport/init(of:as:baseModelName:)``.
  public init(of model: LanguageModel, as format: ExportFormat, card: ModelCard) throws(ExportError) {
    try self.init(of: model, as: format, baseModelName: card.baseModel)
    readme = card.text(of: self)
  }
}
