/// Everything a run needs to go on exactly where it was: the adapter, the optimizer's state and the number of steps
/// done. The data order and dropout follow from plan and step.
public struct TrainingCheckpoint: Sendable {
  /// Steps done.
  public let step: Int
  /// The adapter after these steps.
  public let adapter: LoRAAdapter
  /// The optimizer's running means.
  public let optimizerState: AdamW.State
  /// What must be the same for the run to go on, by name.
  let identity: [String: String]
}
