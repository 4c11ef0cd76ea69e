// Elementwise arithmetic. Two tensors have the same shape, or the second is a row vector `[columns]` that applies to
// every row of the first, or a scalar `[]`.

extension Tensor {
  /// How the second operand of an elementwise operation lines up with the first.
  fileprivate enum Alignment {
    case same, row, scalar

    init(_ a: Shape, _ b: Shape, _ operation: String) {
      if a == b {
        self = .same
      } else if b.count == 1 && b.rank == 0 {
        self = .scalar
      } else if b.rank == 1 && a.rank >= 1 && a[-1] == b[0] {
        self = .row
      } else {
        mistake("cannot compute \(a) \(operation) \(b): shapes differ")
      }
    }
  }

  /// The sum, element by element.
  /// - Shape: The second operand is like the first, a row `[columns]` for each of its rows, or a scalar `[]`; result like
  ///   the first. So for all four operations; other shapes trap.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "+")
    let out = a.combined(with: b, alignment, Kernels.current.add)
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node, bShape = b.shape] gradient in
      aNode?.accumulate(sharing: gradient)
      bNode?.accumulate(sharing: gradient.reduced(alignment, to: bShape))
    }
  }

  /// The difference, element by element.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "-")
    let out = a.combined(with: b, alignment, Kernels.current.subtract)
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node, bShape = b.shape] gradient in
      aNode?.accumulate(sharing: gradient)
      bNode?.accumulate { destination, mode in
        let share = gradient.reduced(alignment, to: bShape)
        Kernels.current.scale(destination, share.start, by: -1, share.count, mode)
      }
    }
  }

  /// The product, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "*")
    let out = a.combined(with: b, alignment, Kernels.current.multiply)
    // Each factor is kept only where the other one's gradient is wanted.
    let aValues = b.node == nil ? nil : a.detached()
    let bValues = a.node == nil ? nil : b.detached()
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node, shape = a.shape, bShape = b.shape] gradient in
      let dy = Tensor(storage: gradient, shape: shape)
      if let bValues { aNode?.accumulate(sharing: (dy * bValues).storage) }
      if let aValues { bNode?.accumulate(sharing: (dy * aValues).storage.reduced(alignment, to: bShape)) }
    }
  }

  /// The quotient, element by element, as IEEE 754 has it: x / 0 is infinite or not a number.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "/")
    let out = a.combined(with: b, alignment, Kernels.current.divide)
    let quotient = b.node == nil ? nil : out
    let bValues = b.detached()
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node, shape = a.shape] gradient in
      let da = Tensor(storage: gradient, shape: shape) / bValues
      aNode?.accumulate(sharing: da.storage)
      if let quotient {
        bNode?.accumulate(sharing: (-(da * quotient)).storage.reduced(alignment, to: bValues.shape))
      }
    }
  }

  /// The negative of every element.
  public static prefix func - (a: Tensor) -> Tensor { a * -1 }

  /// A constant added to every element.
  public static func + (a: Tensor, b: Float) -> Tensor { a + Tensor(b) }
  /// A constant subtracted from every element.
  public static func - (a: Tensor, b: Float) -> Tensor { a + Tensor(-b) }
  /// Every element divided by a constant.
  public static func / (a: Tensor, b: Float) -> Tensor { a / Tensor(b) }
  /// A constant times every element.
  public static func * (a: Float, b: Tensor) -> Tensor { b * a }
  /// Every element added to a constant.
  public static func + (a: Float, b: Tensor) -> Tensor { b + a }
  /// Every element subtracted from a constant.
  public static func - (a: Float, b: Tensor) -> Tensor { -b + a }

  /// Every element times a constant.
  public static func * (a: Tensor, b: Float) -> Tensor {
    let out = a.mapped { Kernels.current.scale($0, $1, by: b, $2) }
    return out.recorded(from: [a]) { [node = a.node] gradient in
      node?.accumulate { Kernels.current.scale($0, gradient.start, by: b, gradient.count, $1) }
    }
  }

  // MARK: Functions

  /// eˣ of every element, within 2 ULP; −∞ gives 0, overflow +∞.
  public func exp() -> Tensor {
    let y = mapped(Kernels.current.exp)
    return y.differentiable(from: self) { dy in dy * y }
  }

  /// The natural logarithm of every element, within 2 ULP; 0 gives −∞, a negative number NaN.
  public func log() -> Tensor {
    let x = detached()
    return mapped(Kernels.current.log).differentiable(from: self) { dy in dy / x }
  }

  /// 1 / (1 + e⁻ˣ) of every element, within 4 ULP; NaN for NaN only.
  public func sigmoid() -> Tensor {
    let y = mapped(Kernels.current.sigmoid)
    // 1 - y is exact for y near 1, where y - y² would be all rounding error.
    return y.differentiable(from: self) { dy in dy * (y * (1 - y)) }
  }

  /// The hyperbolic tangent of every element, within 8 ULP or 1e-7.
  public func tanh() -> Tensor {
    let y = mapped(Kernels.current.tanh)
    return y.differentiable(from: self) { dy in dy * ((1 - y) * (1 + y)) }
  }

  /// x·σ(x) of every element (Elfwing et al., arXiv 1702.03118).
  public func silu() -> Tensor { siluMultiplied(by: .ones(shape)) }

  // MARK: Building blocks

  /// A constant like self from a kernel `(out, x, count)`.
  private func mapped(_ kernel: (FloatDestination, FloatSource, Int) -> Void) -> Tensor {
    Tensor(shape: shape) { out in
      forEachChunk(of: count) { offset, count in kernel(out + offset, start + offset, count) }
    }
  }

  /// Records this constant as a function of `input` alone, given how its gradient becomes the input's.
  private func differentiable(from input: Tensor, _ derivative: @escaping (Tensor) -> Tensor) -> Tensor {
    recorded(from: [input]) { [node = input.node, shape] gradient in
      node?.accumulate(sharing: derivative(Tensor(storage: gradient, shape: shape)).storage)
    }
  }

  /// A constant like self from a kernel `(out, a, b, count)`.
  private func combined(
    with b: Tensor, _ alignment: Alignment, _ kernel: (FloatDestination, FloatSource, FloatSource, Int) -> Void
  ) -> Tensor {
    Tensor(shape: shape) { out in
      switch alignment {
      case .same:
        forEachChunk(of: count) { offset, count in kernel(out + offset, start + offset, b.start + offset, count) }
      case .row:
        let (rows, width) = shape.matrix
        for row in 0..<rows { kernel(out + row * width, start + row * width, b.start, width) }
      case .scalar:
        let repeated = Tensor(repeating: b.item, shape: shape)
        kernel(out, start, repeated.start, count)
      }
    }
  }
}

extension TensorStorage {
  /// The gradient of an operand that was applied to many elements: summed over where it was applied.
  fileprivate func reduced(_ alignment: Tensor.Alignment, to shape: Shape) -> TensorStorage {
    switch alignment {
    case .same: return self
    case .scalar: return Tensor(Float(Kernels.current.sum(start, count))).storage
    case .row:
      let width = shape.count
      let sum = TensorStorage(count: width)
      sum.elements.update(repeating: 0)
      for row in 0..<(width == 0 ? 0 : count / width) {
        Kernels.current.add(sum.start, sum.start, start + row * width, width)
      }
      return sum
    }
  }
}
