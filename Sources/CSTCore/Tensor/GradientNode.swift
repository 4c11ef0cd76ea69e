/// How one tensor was made, for the backward pass: its inputs and a pullback that distributes its gradient to them.
///
/// Nodes exist only between the call of `valueWithGradient` and its end; the backward pass consumes them as it goes, so
/// memory falls while it runs.
///
/// `@unchecked Sendable`: a graph is built and consumed by the one thread inside one `valueWithGradient` call.
final class GradientNode: @unchecked Sendable {
  /// Longest distance to a parameter: inputs have smaller depths, so decreasing depth is an order for the backward pass.
  let depth: Int
  let shape: Shape
  private(set) var inputs: [GradientNode]
  private var pullback: ((TensorStorage) -> Void)?
  /// The gradient accumulated so far; `nil` means zero.
  private(set) var gradient: TensorStorage?
  /// Whether `gradient` may also be referred to by another node, so that adding to it needs a copy first.
  private var gradientIsShared = false
  /// Where the values can be computed again instead of kept; see ``Recomputation``.
  let recomputation: Recomputation?

  /// A parameter: a place where a gradient is wanted.
  init(parameterOfShape shape: Shape) {
    depth = 0
    self.shape = shape
    inputs = []
    recomputation = nil
  }

  /// The result of an operation. `pullback` receives the result's gradient and adds to its inputs' gradients.
  init(
    shape: Shape, inputs: [GradientNode], recomputation: Recomputation? = nil,
    pullback: @escaping (TensorStorage) -> Void
  ) {
    depth = 1 + (inputs.map(\.depth).max() ?? 0)
    self.shape = shape
    self.inputs = inputs
    self.recomputation = recomputation
    self.pullback = pullback
  }

  /// Adds to this node's gradient: `body` gets the destination and whether to store (the gradient was zero; the
  /// destination is uninitialised) or to add.
  func accumulate(_ body: (UnsafeMutablePointer<Float>, StoreMode) -> Void) {
    guard gradient != nil else {
      let storage = TensorStorage(count: shape.count)
      body(storage.start, .store)
      gradient = storage
      return
    }
    if gradientIsShared, !isKnownUniquelyReferenced(&gradient) { gradient = gradient?.copy() }
    gradientIsShared = false
    if let gradient { body(gradient.start, .add) }
  }

  /// Adds a whole gradient that others may hold too: it is shared for as long as it is the only one.
  func accumulate(sharing storage: TensorStorage) {
    assert(storage.count == shape.count, "a gradient of \(storage.count) elements for shape \(shape)")
    guard gradient != nil else {
      gradient = storage
      gradientIsShared = true
      return
    }
    accumulate { destination, _ in
      elementwiseWork {
        ComputePool.shared.forEachRange(count: storage.count, grain: 1 << 15) { range in
          let start = destination + range.lowerBound
          Kernels.current.add(start, start, storage.start + range.lowerBound, range.count)
        }
      }
    }
  }

  /// Runs the pullback on the accumulated gradient, then lets go of everything this node held, parameters' gradients
  /// excepted.
  func propagate() {
    guard let pullback else { return }
    if let gradient { pullback(gradient) }
    self.pullback = nil
    gradient = nil
    inputs = []
    recomputation?.release()
  }

  /// Unlinks long chains one by one: releasing them recursively would overflow the stack.
  deinit {
    pullback = nil
    var pending = inputs
    inputs = []
    while var node = pending.popLast() {
      guard isKnownUniquelyReferenced(&node) else { continue }
      pending.append(contentsOf: node.inputs)
      node.inputs = []
      node.pullback = nil
    }
  }
}

/// Values that are cheaper to compute again than to keep until the backward pass.
///
/// The first use computes and keeps them, so that several users pay once; the node that owns them lets go of them after
/// its own pullback, which runs after all of its users'.
///
/// `@unchecked Sendable`: used by the one thread of a backward pass, like ``GradientNode``.
final class Recomputation: @unchecked Sendable {
  private let compute: () -> Tensor
  private var kept: Tensor?

  init(_ compute: @escaping () -> Tensor) { self.compute = compute }

  func value() -> Tensor {
    if let kept { return kept }
    let value = compute()
    kept = value
    return value
  }

  func release() { kept = nil }
}

/// A tensor kept for the backward pass: its values, or the way to compute them again.
enum SavedTensor {
  case kept(Tensor)
  case recomputed(Recomputation)

  init(_ tensor: Tensor) {
    if let recomputation = tensor.node?.recomputation {
      self = .recomputed(recomputation)
    } else {
      self = .kept(tensor.detached())
    }
  }

  var value: Tensor {
    switch self {
    case .kept(let tensor): tensor
    case .recomputed(let recomputation): recomputation.value()
    }
  }
}
