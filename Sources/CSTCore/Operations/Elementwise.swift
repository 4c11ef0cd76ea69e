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
        preconditionFailure("cannot compute \(a) \(operation) \(b): shapes differ")
      }
    }
  }

  /// The sum, element by element.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "+")
    let out = a.combined(with: b, alignment) { Kernels.current.table.add_f32($0, $1, $2, $3) }
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node] gradient in
      aNode?.accumulate(sharing: gradient)
      bNode?.accumulate(sharing: gradient.reduced(alignment, to: b.shape))
    }
  }

  /// The difference, element by element.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "-")
    let out = a.combined(with: b, alignment) { Kernels.current.table.subtract_f32($0, $1, $2, $3) }
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node] gradient in
      aNode?.accumulate(sharing: gradient)
      bNode?.accumulate { destination, mode in
        let share = gradient.reduced(alignment, to: b.shape)
        if mode == .store {
          Kernels.current.table.scale_f32(destination, share.start, -1, share.count)
        } else {
          Kernels.current.table.add_scaled_f32(destination, share.start, -1, share.count)
        }
      }
    }
  }

  /// The product, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "*")
    let out = a.combined(with: b, alignment) { Kernels.current.table.multiply_f32($0, $1, $2, $3) }
    let (aValues, bValues) = (a.detached(), b.detached())
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node] gradient in
      let dy = Tensor(storage: gradient, shape: aValues.shape)
      if let aNode { aNode.accumulate(sharing: (dy * bValues).storage) }
      if let bNode { bNode.accumulate(sharing: (dy * aValues).storage.reduced(alignment, to: bValues.shape)) }
    }
  }

  /// The quotient, element by element, as IEEE 754 has it: x / 0 is infinite or not a number.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let alignment = Alignment(a.shape, b.shape, "/")
    let out = a.combined(with: b, alignment) { Kernels.current.table.divide_f32($0, $1, $2, $3) }
    let (quotient, bValues) = (out.detached(), b.detached())
    return out.recorded(from: [a, b]) { [aNode = a.node, bNode = b.node] gradient in
      let da = Tensor(storage: gradient, shape: quotient.shape) / bValues
      aNode?.accumulate(sharing: da.storage)
      if let bNode { bNode.accumulate(sharing: (-(da * quotient)).storage.reduced(alignment, to: bValues.shape)) }
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

  /// Every element times a constant.
  public static func * (a: Tensor, b: Float) -> Tensor {
    let out = a.mapped { Kernels.current.table.scale_f32($0, $1, b, $2) }
    return out.recorded(from: [a]) { [node = a.node] gradient in
      node?.accumulate { destination, mode in
        if mode == .store {
          Kernels.current.table.scale_f32(destination, gradient.start, b, gradient.count)
        } else {
          Kernels.current.table.add_scaled_f32(destination, gradient.start, b, gradient.count)
        }
      }
    }
  }

  // MARK: Functions

  /// eˣ of every element.
  public func exp() -> Tensor {
    differentiable(mapped { Kernels.current.table.exp_f32($0, $1, $2) }) { $0 * $1 }
  }

  /// The natural logarithm of every element.
  public func log() -> Tensor {
    let x = detached()
    return differentiable(mapped { Kernels.current.table.log_f32($0, $1, $2) }) { dy, _ in dy / x }
  }

  /// 1 / (1 + e⁻ˣ) of every element.
  public func sigmoid() -> Tensor {
    differentiable(mapped { Kernels.current.table.sigmoid_f32($0, $1, $2) }) { dy, y in dy * (y - y * y) }
  }

  /// The hyperbolic tangent of every element.
  public func tanh() -> Tensor {
    differentiable(mapped { Kernels.current.table.tanh_f32($0, $1, $2) }) { dy, y in dy - dy * y * y }
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

  /// Records `out`, a function of self alone, with its derivative given (dy, y).
  private func differentiable(_ out: Tensor, _ derivative: @escaping (Tensor, Tensor) -> Tensor) -> Tensor {
    out.recorded(from: [self]) { [node] gradient in
      let dx = derivative(Tensor(storage: gradient, shape: out.shape), out)
      node?.accumulate(sharing: dx.storage)
    }
  }

  /// A constant like self from a kernel `(out, a, b, count)`.
  private func combined(
    with b: Tensor, _ alignment: Alignment,
    _ kernel: (FloatDestination, FloatSource, FloatSource, Int) -> Void
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
    case .scalar: return Tensor(Float(Kernels.current.table.sum_f32(start, count))).storage
    case .row:
      let width = shape.count
      let sum = TensorStorage(count: width)
      sum.elements.update(repeating: 0)
      for row in 0..<(width == 0 ? 0 : count / width) {
        Kernels.current.table.add_f32(sum.start, sum.start, start + row * width, width)
      }
      return sum
    }
  }
}
