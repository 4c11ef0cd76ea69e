import CSTCore

extension Collection where Element == PreferencePair {
  /// Divides the rows into those to train on and those kept back to evaluate on.
  ///
  /// Split rows, then flip: the twins of a row then stand on one side. Rows whose prompts are near duplicates stay together
  /// too (the system prompt and the answers do not count), so that a held-out prompt is never a training prompt reworded by
  /// a comma. Both parts keep the order of the rows.
  ///
  /// ```swift
  /// let (training, heldOut) = pairs.split(heldOut: 0.1, seed: 17)
  /// ```
  ///
  /// - Parameters:
  ///   - heldOut: The share to keep back, from 0 to 1. The part has that many rows, rounded to the nearest, or fewer
  ///     where a group of near duplicates would not fit any more.
  ///   - seed: Determines the choice together with the rows, on every machine.
  ///   - nearDuplicates: What counts as the same prompt.
  /// - Precondition: `heldOut` is from 0 to 1.
  public func split(
    heldOut share: Double, seed: UInt64, nearDuplicates: NearDuplicates = NearDuplicates()
  ) -> (training: [PreferencePair], heldOut: [PreferencePair]) {
    precondition((0...1).contains(share), "split(heldOut:seed:) needs a share from 0 to 1, not \(share)")
    let groups = nearDuplicates.groups(in: map(\.promptText))
    let room = Int((share * Double(count)).rounded())
    var generator = SeededGenerator(seed: seed)
    var isHeldOut = [Bool](repeating: false, count: count)
    var heldOutCount = 0
    for position in generator.permutation(of: groups.count) where heldOutCount + groups[position].count <= room {
      for row in groups[position] { isHeldOut[row] = true }
      heldOutCount += groups[position].count
    }
    let rows = zip(self, isHeldOut)
    return (rows.filter { !$0.1 }.map(\.0), rows.filter { $0.1 }.map(\.0))
  }
}

extension PreferencePair {
  /// What the prompt says, all turns together, for comparing prompts.
  public var promptText: String {
    prompt.map(\.content).joined(separator: "\n")
  }
}
