/// How many weights a model has and in which formats they are stored.
public struct WeightInventory: Sendable, Hashable {
  /// The weights stored in one format.
  public struct Entry: Sendable, Hashable {
    /// The format.
    public let format: WeightFormat
    /// Matrices in it; vectors (norms, biases) are not counted here.
    public fileprivate(set) var matrixCount = 0
    /// Weights in these matrices.
    public fileprivate(set) var parameterCount = 0
    /// Bytes they take in the file.
    public fileprivate(set) var byteCount = 0
  }

  /// By format, the one with most weights first.
  public let entries: [Entry]
  /// Whether the embedding serves as the language-model head.
  public let isHeadTied: Bool
  /// All weights of the model, norms and biases included.
  public let parameterCount: Int

  /// Counts a model's weights.
  public init(of model: LanguageModel) {
    isHeadTied = model.transformer.isHeadTied
    var entries: [WeightFormat: Entry] = [:]
    var parameterCount = 0
    for weight in model.weights {
      parameterCount += weight.shape.reduce(1, *)
      guard case .matrix(let matrix) = weight.content else { continue }
      entries[matrix.format, default: Entry(format: matrix.format)].add(matrix.rows * matrix.columns)
    }
    self.parameterCount = parameterCount
    self.entries = entries.values.sorted {
      ($1.parameterCount, $0.format.description) < ($0.parameterCount, $1.format.description)
    }
  }
}

extension WeightInventory.Entry {
  fileprivate mutating func add(_ parameters: Int) {
    matrixCount += 1
    parameterCount += parameters
    byteCount += format.byteCount(for: parameters) ?? 0
  }
}
