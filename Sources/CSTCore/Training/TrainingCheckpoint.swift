import Foundation

/// Everything a run needs to go on exactly where it was: the adapter, the optimizer's state and the number of steps
/// done. The data order and dropout follow from plan and step.
public struct TrainingCheckpoint: Sendable {
  /// Steps done.
  public let step: Int
  /// The adapter after these steps.
  public let adapter: LoRAAdapter
  package let optimizerState: AdamW.State
  /// What the loss remembers of the batches before.
  let lossMemory: DPOLoss.Memory
  /// What must be the same for the run to go on.
  let identity: SavedIdentity

  init(step: Int, adapter: LoRAAdapter, optimizerState: AdamW.State, lossMemory: DPOLoss.Memory, identity: RunIdentity)
  {
    self.step = step
    self.adapter = adapter
    self.optimizerState = optimizerState
    self.lossMemory = lossMemory
    self.identity = .values(identity)
  }

  // MARK: Files

  private struct Header: Codable {
    var step: Int
    var optimizerStep: Int
    var adapter: PEFTConfiguration
    /// Absent where the loss remembers nothing.
    var lossMemory: DPOLoss.Memory?
    var run: RunIdentity?
    /// What there was in place of `run`, see ``TextIdentity``.
    var identity: [String: String]?

    init(_ checkpoint: TrainingCheckpoint) {
      step = checkpoint.step
      optimizerStep = checkpoint.optimizerState.step
      lossMemory = checkpoint.lossMemory == DPOLoss.Memory() ? nil : checkpoint.lossMemory
      adapter = PEFTConfiguration(checkpoint.adapter.configuration, baseModelName: "")
      switch checkpoint.identity {
      case .values(let identity): run = identity
      case .texts(let texts): identity = texts
      }
    }
  }

  private static let metadataKey = "cst_checkpoint"
  private static let meansPrefix = "optimizer.mean."
  private static let squaresPrefix = "optimizer.square."
  /// Of what PiSSA and OLoRA took away from the base.
  private static let initialPrefix = "initial."

  /// Writes one safetensors file, as a whole or not at all; its folder is made if it is not there.
  /// - Throws: `FormatError` where it cannot be written.
  public func write(to file: URL) throws {
    try AtomicFile.makeFolder(file.deletingLastPathComponent())
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let names = adapter.namedParameters.map(\.name)
    var tensors = adapter.namedParameters.map { TensorData($0.name, $0.tensor) }
    for (module, factors) in zip(adapter.modules, adapter.factors) {
      guard let initial = factors.initial else { continue }
      tensors += zip(module.parameterNames(withMagnitude: false), [initial.a, initial.b]).map {
        TensorData(Self.initialPrefix + $0, $1)
      }
    }
    tensors += zip(names, optimizerState.means).map { TensorData(Self.meansPrefix + $0, $1) }
    tensors += zip(names, optimizerState.squares).map { TensorData(Self.squaresPrefix + $0, $1) }
    try SafetensorsFile.write(
      tensors: tensors, metadata: [Self.metadataKey: String(decoding: encoder.encode(Header(self)), as: UTF8.self)],
      to: file)
  }

  /// Reads a checkpoint for a model.
  /// - Throws: `FormatError` for a file that is missing, damaged, no checkpoint, or for another model.
  public init(contentsOf location: URL, for model: ModelConfiguration) throws {
    let file = try SafetensorsFile(contentsOf: location)
    guard let json = file.metadata[Self.metadataKey] else {
      throw FormatError(
        .missing, file: file.mapping.path, at: .key(Self.metadataKey), expected: "a checkpoint of a training run",
        found: "another safetensors file")
    }
    let header: Header
    do { header = try JSONDecoder().decodeChecked(from: Data(json.utf8)) } catch let problem as JSONProblem {
      throw problem.error(in: file.mapping.path, at: .key(Self.metadataKey), expected: "a checkpoint's header")
    }
    guard header.step >= 0, header.optimizerStep >= 0 else {
      throw FormatError(
        .badValue, file: file.mapping.path, at: .key(Self.metadataKey), expected: "steps of 0 or more",
        found: "\(header.step)")
    }
    switch (header.run, header.identity) {
    case (let run?, _) where run.version <= RunIdentity.currentVersion: identity = .values(run)
    case (nil, let texts?): identity = .texts(texts)
    case (let run, _):
      throw FormatError(
        .unsupportedVersion, file: file.mapping.path, at: .key(Self.metadataKey),
        expected: "a run's identity of version \(RunIdentity.currentVersion) or older",
        found: run.map { "version \($0.version)" } ?? "none")
    }
    let configuration = try header.adapter.loraConfiguration(for: model, file: location)
    step = header.step
    lossMemory = header.lossMemory ?? DPOLoss.Memory()
    adapter = try LoRAAdapter(
      from: file, prefix: "", configuration, for: model,
      initialPrefix: configuration.initialization.changesBase ? Self.initialPrefix : nil)
    optimizerState = AdamW.State(
      step: header.optimizerStep,
      means: try LoRAAdapter(from: file, prefix: Self.meansPrefix, configuration, for: model).parameters,
      squares: try LoRAAdapter(from: file, prefix: Self.squaresPrefix, configuration, for: model).parameters)
  }
}
