final class Backpropagation {
  private var root: GradientNode?
  private let shape: Shape
  private let parameters: Set<ObjectIdentifier>
  private var hasRun = false

  init(from root: GradientNode?, shape: Shape, parameters: [GradientNode]) {
    self.root = root
    self.shape = shape
    self.parameters = Set(parameters.map(ObjectIdentifier.init))
  }

  /// Propagates `cotangent` from the root to the parameters. Nodes are visited by decreasing depth, equal depths in the
  /// order in which they were found, so the order of every sum is fixed.
  func run(_ cotangent: Tensor) {
    require(!hasRun, "a pullback can be called once: it consumes what the forward pass kept")
    require(cotangent.shape == shape, "the cotangent has shape \(cotangent.shape), the value \(shape)")
    hasRun = true
    guard let root else { return }
    var levels = Self.levels(from: root)
    require(
      levels[0].allSatisfy { parameters.contains(ObjectIdentifier($0)) },
      "a differentiated function reads a tensor that a function around it differentiates: detach it, there are no "
        + "higher derivatives")
    self.root = nil
    root.accumulate(sharing: cotangent.storage)
    while let level = levels.popLast() {
      for node in level { node.propagate() }
    }
  }

  /// All nodes that the root depends on, by depth.
  private static func levels(from root: GradientNode) -> [[GradientNode]] {
    var levels = [[GradientNode]](repeating: [], count: root.depth + 1)
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
    var pending = [root]
    while let node = pending.popLast() {
      levels[node.depth].append(node)
      for input in node.inputs where seen.insert(ObjectIdentifier(input)).inserted { pending.append(input) }
    }
    return levels
  }
}
