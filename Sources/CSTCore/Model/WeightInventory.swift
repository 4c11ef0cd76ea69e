/// How many weights a model has and in which formats they are stored.
public struct WeightInventory: Sendable, Hashable {
  /// The weights stored in one format.
  public struct Entry: Sendable, Hashable {
    /// The format.
    public let format: WeightFormat
    /// Matrices in it; the norms' vectors are not counted anywhere.
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
  /// All weights of the model, the norms' included.
  public let parameterCount: Int

  /// Counts a model's weights.
  public init(of model: LanguageModel) {
    let transformer = model.transformer
    isHeadTied = transformer.head === transformer.embedding
    var matrices = [transformer.embedding] + (isHeadTied ? [] : [transformer.head])
    for layer in transformer.layers { matrices += Projection.allCases.map { layer[$0] } }
    var entries: [WeightFormat: Entry] = [:]
    for matrix in matrices {
      let count = matrix.rows * matrix.columns
      entries[matrix.format, default: Entry(format: matrix.format)].add(count)
    }
    self.entries = entries.values.sorted {
      ($1.parameterCount, $0.format.description) < ($0.parameterCount, $1.format.description)
    }
    let norms = (2 * transformer.layers.count + 1) * model.configuration.width
    parameterCount = matrices.reduce(norms) { $0 + $1.rows * $1.columns }
  }
}

extension WeightInventory.Entry {
  fileprivate mutating func add(_ parameters: Int) {
    matrixCount += 1
    parameterCount += parameters
    byteCount += format.byteCount(for: parameters) ?? 0
  }
}
