/// How many weights a model has and in which formats they are stored.
package struct WeightInventory: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    package let format: WeightFormat
    /// Matrices in it; vectors (norms, biases) are not counted here.
    package fileprivate(set) var matrixCount = 0
    /// Weights in these matrices.
    package fileprivate(set) var parameterCount = 0
    /// Bytes they take in the file.
    package fileprivate(set) var byteCount = 0
  }

  /// By format, the one with most weights first.
  package let entries: [Entry]
  package let isHeadTied: Bool
  package let parameterCount: Int

  package init(of model: LanguageModel) {
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
