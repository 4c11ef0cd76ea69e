/// An estimate of the memory a training run needs, term by term, in bytes. The mapped model file is not counted: its
/// pages can be dropped at any time.
public struct TrainingMemory: Sendable, Hashable {
  /// The adapter that is trained.
  public let adapter: LoRAConfiguration
  /// Tokens computed together.
  public let tokensPerBatch: Int
  /// Every projection and the head, packed for x·Wᵀ and for dy·W: 4 bytes a weight and direction in float32, 2 in bf16.
  public let packedWeights: Int
  /// Adapter, gradient, the optimizer's two means, and the copies of the first, third and fourth that an update makes:
  /// 4 bytes each and parameter.
  public let adapterAndOptimizer: Int
  /// What the backward pass needs of each token, all layers together: per layer 5 rows of the residual stream's width, one
  /// of the queries', 2 of the keys' and 3 of the feed-forward width, in float32, and the low-rank products.
  public let activationsPerToken: Int
  /// Logits of the 128 positions whose log-probabilities are computed together.
  public let logits: Int

  /// Activations of one batch.
  public var activations: Int { activationsPerToken * tokensPerBatch }
  /// Blocks of memory that wait to be used again, because batches differ in size: half of the activations, as measured
  /// on a 135M-parameter model.
  public var reserve: Int { activations / 2 }
  /// All terms together.
  public var total: Int { packedWeights + adapterAndOptimizer + activations + reserve + logits }

  /// Estimates the memory for training `adapter` on `model` in batches of `tokensPerBatch` tokens.
  public init(model: LanguageModel, adapter: LoRAConfiguration, tokensPerBatch: Int) {
    let configuration = model.configuration
    let adapter = adapter.restricted(to: configuration)
    let bytesPerWeight = model.precision == .bf16 ? 2 : 4
    var layerWeights = 0
    var adapterParameters = 0
    for projection in configuration.projections {
      let (outputs, inputs) = configuration.shape(of: projection)
      layerWeights += outputs * inputs
      guard adapter.targets.contains(projection) else { continue }
      let (a, b) = adapter.shapes(of: projection, in: configuration)
      adapterParameters += a.count + b.count
    }
    let headWeights = configuration.vocabularyCount * configuration.width
    packedWeights = 2 * bytesPerWeight * (configuration.layerCount * layerWeights + headWeights)
    adapterAndOptimizer = 4 * 7 * configuration.layerCount * adapterParameters
    let heads = configuration.heads
    let floatsPerLayer =
      5 * configuration.width + heads.queryWidth + 2 * heads.keyValueWidth + 3 * configuration.feedForwardWidth
      + adapter.rank * adapter.targets.count
    activationsPerToken = 4 * configuration.layerCount * floatsPerLayer
    logits = 4 * 128 * configuration.vocabularyCount
    self.adapter = adapter
    self.tokensPerBatch = tokensPerBatch
  }
}
