/// An export that cannot be made of a model.
public struct ExportError: PlacedError, Hashable {
  /// What is wrong.
  @nonexhaustive
  public enum Reason: Sendable, Hashable {
    /// The files cannot have weights in this format.
    case unsupportedType(WeightFormat, allowed: [WeightFormat])
    /// An adapter is asked for, and the model has none.
    case noAdapter
    /// The adapter has something that the files have no place for.
    case adapter(String)
    /// The tokenizer has something that the files have no place for.
    case tokenizer(String)
    /// The configuration has something that the files have no place for.
    case configuration(String)
  }

  /// What is wrong.
  public let reason: Reason

  package init(_ reason: Reason) { self.reason = reason }

  /// The part of the model that is to blame.
  public var place: String {
    switch reason {
    case .unsupportedType: "weights"
    case .noAdapter, .adapter: "adapter"
    case .tokenizer: "tokenizer"
    case .configuration: "model"
    }
  }

  /// What was asked for, and what is possible.
  public var detail: String {
    switch reason {
    case .unsupportedType(let format, let allowed):
      "these files cannot have weights of type \(format): expected "
        + allowed.map(\.description).joined(separator: ", ")
    case .noAdapter: "there is no adapter to export: the model is a base model"
    case .adapter(let what): "the adapter cannot be written to these files: \(what)"
    case .tokenizer(let what): "the tokenizer cannot be written to these files: \(what)"
    case .configuration(let what): "the model cannot be written to these files: \(what)"
    }
  }

  /// One line: the detail, which names the place.
  public var description: String { detail }
}
