import CSTCore
import Foundation

/// What `cst info` says, as JSON or as text.
struct ModelDescription: Encodable {
  struct Storage: Encodable {
    let format: String
    let matrices: Int
    let parameters: Int
    let bytes: Int
  }

  struct Memory: Encodable {
    let precision: Precision
    let loraRank: Int
    let batchTokens: Int
    let weights: WeightPanels
    let activationChoice: LayerActivations
    let packedWeights: Int
    let adapterAndOptimizer: Int
    let activationsPerToken: Int
    let activations: Int
    let reserve: Int
    let logits: Int
    let total: Int
  }

  let file: String
  let name: String?
  let architecture: String
  let parameters: Int
  let layers: Int
  let width: Int
  let feedForwardWidth: Int
  let queryHeads: Int
  let keyValueHeads: Int
  let headWidth: Int
  let contextLength: Int
  let ropeBase: Double
  let ropeScaling: String
  let rotatedWidth: Int
  let slidingWindow: Int?
  let biases: [String]
  let loraTargets: [String]
  let tiedHead: Bool
  let vocabulary: Int
  let tokenizer: String
  let addedTokens: Int
  let addsBos: Bool
  let chatTemplate: String
  let systemRole: SystemRole
  let endOfTurn: String
  let weights: [Storage]
  let kernels: String
  let threads: Int
  let trainingMemory: Memory

  init(_ model: LanguageModel, _ memory: TrainingMemory) {
    let configuration = model.configuration
    let inventory = WeightInventory(of: model)
    file = model.identity
    name = configuration.name
    architecture = configuration.architecture.name
    parameters = inventory.parameterCount
    layers = configuration.layerCount
    width = configuration.width
    feedForwardWidth = configuration.feedForwardWidth
    queryHeads = configuration.heads.queryHeads
    keyValueHeads = configuration.heads.keyValueHeads
    headWidth = configuration.heads.headWidth
    contextLength = configuration.contextLength
    ropeBase = configuration.rotary.base
    ropeScaling = configuration.rotary.scaling.name
    rotatedWidth = configuration.rotary.width
    slidingWindow = configuration.slidingWindow
    biases = configuration.projections.filter(configuration.biases.contains).map(\.rawValue)
    loraTargets = configuration.projections.map(\.rawValue)
    tiedHead = inventory.isHeadTied
    vocabulary = configuration.vocabularyCount
    tokenizer = model.tokenizer.algorithm == .byteLevelBPE ? "byte-level BPE" : "SentencePiece-style BPE"
    addedTokens = model.tokenizer.addedTokenIDs.count
    addsBos = model.tokenizer.addsBOS
    chatTemplate = model.chatTemplate.name
    systemRole = model.chatTemplate.systemRole
    endOfTurn = model.tokenizer.decode([model.chatTemplate.endOfTurnID])
    weights = inventory.entries.map {
      Storage(
        format: $0.format.description, matrices: $0.matrixCount, parameters: $0.parameterCount, bytes: $0.byteCount)
    }
    kernels = Kernels.current.name
    threads = ComputePool.shared.threadCount
    trainingMemory = Memory(
      precision: model.precision, loraRank: memory.adapter.rank, batchTokens: memory.tokensPerBatch,
      weights: model.panels, activationChoice: memory.activationChoice,
      packedWeights: memory.packedWeights, adapterAndOptimizer: memory.adapterAndOptimizer,
      activationsPerToken: memory.activationsPerToken, activations: memory.activations, reserve: memory.reserve,
      logits: memory.logits,
      total: memory.total)
  }

  var text: String {
    let memory = trainingMemory
    let storage = weights.map { "\($0.format) \($0.matrices) (\(Self.megabytes($0.bytes)))" }
    let lines: [(String, String)] = [
      ("file", file),
      ("name", name ?? "not given"),
      ("architecture", "\(architecture), \(parameters) parameters in \(layers) layers of width \(width)"),
      ("feed-forward", "\(feedForwardWidth)"),
      ("attention", "\(queryHeads) query heads, \(keyValueHeads) key-value heads of width \(headWidth)" + window),
      ("context", "\(contextLength) tokens, rotary base \(ropeBase)" + rotation),
      (
        "projections",
        loraTargets.joined(separator: ", ") + (biases.isEmpty ? "" : "; biases: \(biases.joined(separator: ", "))")
      ),
      ("head", tiedHead ? "tied to the embedding" : "a matrix of its own"),
      ("weights", storage.joined(separator: ", ")),
      ("tokenizer", "\(tokenizer), \(vocabulary) tokens, \(addedTokens) of them control or added tokens"),
      ("chat template", "\(chatTemplate), system text \(systemRole.rawValue), turns end with \(endOfTurn)"),
      ("kernels", "\(kernels), \(threads) threads"),
      (
        "training",
        "about \(Self.megabytes(memory.total)) for rank \(memory.loraRank), \(memory.precision.rawValue), "
          + "batches of \(memory.batchTokens) tokens:"
      ),
      (
        "",
        "\(Self.megabytes(memory.packedWeights)) weights "
          + (memory.weights == .kept ? "packed for both directions" : "unpacked at a time, streamed from the file")
      ),
      ("", "\(Self.megabytes(memory.adapterAndOptimizer)) adapter, its gradient and the optimizer's means"),
      (
        "",
        "\(Self.megabytes(memory.activations)) activations, \(memory.activationsPerToken / 1024) KB a token"
          + (memory.activationChoice == .kept ? "" : ", layers recomputed")
      ),
      ("", "\(Self.megabytes(memory.reserve)) for batches of differing size"),
      ("", "\(Self.megabytes(memory.logits)) logits of one chunk"),
    ]
    return lines.map { $0.0.padding(toLength: 15, withPad: " ", startingAt: 0) + $0.1 + "\n" }.joined()
  }

  private var window: String { slidingWindow.map { ", a sliding window of \($0) tokens" } ?? "" }

  private var rotation: String {
    (ropeScaling == RotaryScaling.none.name ? "" : ", \(ropeScaling) scaling")
      + (rotatedWidth == headWidth ? "" : ", \(rotatedWidth) of \(headWidth) components rotated")
  }

  private static func megabytes(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
}
