/// Why a run cannot start or go on.
public struct TrainingError: PlacedError, Hashable {
  /// What is wrong.
  @nonexhaustive
  public enum Reason: Sendable, Hashable {
    /// There is nothing to train on.
    case noPairs
    /// A log-probability, loss or gradient is not a number or infinite; nothing was updated.
    case nonFinite(quantity: String, step: Int, rows: [Int])
    /// A checkpoint does not belong to this model, adapter, plan or data.
    case checkpointMismatch(what: String, expected: String, found: String)
    /// The loss has no place for something that a row asks for.
    case unsupportedByLoss(problem: String, row: Int)
  }

  /// What is wrong.
  public let reason: Reason
  /// Where the rows of the reason were read, in their order, if that is known.
  public var rowPlaces: [RowPlace] = []

  static func nonFinite(_ quantity: String, step: Int, pairs: [EncodedPair]) -> TrainingError {
    TrainingError(
      reason: .nonFinite(quantity: quantity, step: step, rows: pairs.map(\.source)),
      rowPlaces: pairs.compactMap(\.pair.place))
  }

  /// The step, or the part of a checkpoint; the pairs where there are none.
  public var place: String {
    switch reason {
    case .noPairs: "pairs"
    case .nonFinite(_, let step, _): "step \(step)"
    case .checkpointMismatch(let what, _, _): "checkpoint's \(what)"
    case .unsupportedByLoss(_, let row): rowPlaces.first?.description ?? "row \(row)"
    }
  }

  /// One line: the detail, which names the place.
  public var description: String { detail }

  /// What was expected, what was found and what to do.
  public var detail: String {
    switch reason {
    case .noPairs:
      return "there are no preference pairs to train on"
    case .nonFinite(let quantity, let step, let rows):
      let names = rowPlaces.count == rows.count ? rowPlaces.map(\.description) : rows.map(String.init)
      return "step \(step): \(quantity) is not finite (rows \(names.joined(separator: ", "))); "
        + "the step was not taken: lower the learning rate or look at these rows"
    case .checkpointMismatch(let what, let expected, let found):
      return
        "the checkpoint's \(what) is \(found), this run's is \(expected): resume with the settings it was made with"
    case .unsupportedByLoss(let problem, _):
      return "\(place): \(problem); leave them out, or train with the loss \"sigmoid\""
    }
  }
}
