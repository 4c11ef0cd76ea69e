/// An estimate of the memory a training run needs, term by term, in bytes. The mapped model file is not counted: its
/// pages can be dropped at any time.
public struct TrainingMemory: Sendable, Hashable {
  /// The adapter that is trained.
  public let adapter: LoRAConfiguration
  /// Tokens computed together.
  public let tokensPerBatch: Int
  /// What of a layer is kept for the backward pass.
  public let activationChoice: LayerActivations
  /// Every projection and the head, packed for x·Wᵀ and for dy·W: 4 bytes a weight and direction in float32, 2 in bf16.
  /// Of a model whose weights are streamed, the panels that are unpacked at one time.
  public let packedWeights: Int
  /// Adapter, gradient, the optimizer's two means, and the copies of the first, third and fourth that an update makes:
  /// 4 bytes each and parameter.
  public let adapterAndOptimizer: Int
  /// What the backward pass needs of each token, all layers together: per layer 5 rows of the residual stream's width, one
  /// of the queries', 2 of the keys' and 3 of the feed-forward width, in float32, and the low-rank products. Where layers
  /// are recomputed: that of one layer, and a row of the residual stream's width for each.
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
  /// - Parameter model: The base model.
  /// - Parameter adapter: The shape of the adapter.
  /// - Parameter tokensPerBatch: Prompts and answers of the largest batch.
  /// - Parameter activations: What of a layer is kept for the backward pass; by size where `nil`, as a training run decides.
  public init(
    model: LanguageModel, adapter: LoRAConfiguration, tokensPerBatch: Int, activations: LayerActivations? = nil
  ) {
    let configuration = model.configuration
    let adapter = adapter.restricted(to: configuration)
    let modules = LoRAAdapter.modules(of: adapter, layerCount: configuration.layerCount)
    let adapterParameters = modules.reduce(0) { sum, module in
      let (a, b) = module.shapes(in: configuration)
      return sum + a.count + b.count + (adapter.usesDoRA ? b[0] : 0)
    }
    // DoRA keeps a product before it is scaled.
    let outputs = adapter.usesDoRA ? modules.map { configuration.shape(of: $0.projection).outputs } : []
    let panelBytes = configuration.panelBytes(model.precision)
    packedWeights = model.panels == .kept ? panelBytes : min(panelBytes, WeightMatrix.streamedBytes)
    adapterAndOptimizer = 4 * 7 * adapterParameters
    let heads = configuration.heads
    let floatsPerLayer =
      5 * configuration.width + heads.queryWidth + 2 * heads.keyValueWidth + 3 * configuration.feedForwardWidth
      + (modules.reduce(0) { $0 + $1.rank } + outputs.reduce(0, +)) / configuration.layerCount
    let kept = 4 * configuration.layerCount * floatsPerLayer
    let recomputed = 4 * (configuration.layerCount * configuration.width + floatsPerLayer)
    activationChoice =
      activations ?? LayerActivations.chosen(activationBytes: kept * tokensPerBatch + kept * tokensPerBatch / 2)
    activationsPerToken = activationChoice == .kept ? kept : min(kept, recomputed)
    logits = 4 * 128 * configuration.vocabularyCount
    self.adapter = adapter
    self.tokensPerBatch = tokensPerBatch
  }
}
