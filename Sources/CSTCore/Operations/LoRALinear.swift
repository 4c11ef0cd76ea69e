/// The two factors that LoRA adds to a frozen weight matrix W `[outputs, inputs]`: W + scale·B·A
/// (Hu et al., arXiv 2106.09685, section 4.1).
package struct LoRAFactors: Sendable {
  /// A, `[rank, inputs]`.
  package var a: Tensor
  /// B, `[outputs, rank]`; zero at the start of training, so that the adapted model starts as the base model.
  package var b: Tensor
  /// The length that every row of the adapted matrix has, `[outputs]`, with DoRA.
  package var magnitude: Tensor?
  /// What was taken away from the frozen matrix, where the factors began as a part of it.
  var initial: FrozenFactors?
  /// The rows' lengths before they are scaled to ``magnitude``, where they are known.
  var norms: Tensor?

  package init(a: Tensor, b: Tensor) { self.init(a: a, b: b, magnitude: nil) }

  init(a: Tensor, b: Tensor, magnitude: Tensor? = nil, initial: FrozenFactors? = nil) {
    require(
      a.shape.rank == 2 && b.shape.rank == 2 && a.shape[0] == b.shape[1],
      "LoRA factors have shapes [rank, inputs] and [outputs, rank], not \(a.shape) and \(b.shape)")
    self.a = a
    self.b = b
    self.magnitude = magnitude
    self.initial = initial
  }

  /// The inner dimension.
  package var rank: Int { a.shape[0] }

  /// A, B and the magnitude if there is one.
  var parameters: [Tensor] { [a, b] + (magnitude.map { [$0] } ?? []) }

  /// The same with other parameters; what is frozen stays.
  func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> LoRAFactors {
    LoRAFactors(
      a: try transform(a), b: try transform(b), magnitude: try magnitude.map(transform), initial: initial)
  }
}

/// Factors that are never trained.
struct FrozenFactors: Sendable {
  let a: Tensor
  let b: Tensor
}

extension Tensor {
  /// x·Wᵀ with a frozen weight matrix: only x gets a gradient.
  /// - Shape: self `[m, weight.columns]`; result `[m, weight.rows]`.
  /// - Complexity: O(m·rows·columns). The first product in a precision, and the first backward pass, pack the weights.
  package func linear(_ weight: WeightMatrix, precision: Precision = .f32) -> Tensor {
    linear(weight, precision: precision, access: .packed)
  }

  /// The same with the weights found where `access` says.
  func linear(_ weight: WeightMatrix, precision: Precision, access: WeightAccess) -> Tensor {
    let m = linearRows(weight)
    let out = Tensor(shape: [m, weight.rows]) { start in
      let destination = MatrixDestination(start: start, stride: weight.rows)
      weight.multiply(destination, matrix, m: m, precision, .store, access: access)
    }
    return out.recorded(from: [self]) { [x = node] gradient in
      x?.accumulate { destination, mode in
        weight.multiplyBackward(
          MatrixDestination(start: destination, stride: weight.columns),
          MatrixSource(start: gradient.start, stride: weight.rows), m: m, precision, mode)
      }
    }
  }

  /// x·Wᵀ + scale·(x·Aᵀ)·Bᵀ: a frozen weight matrix with a low-rank update. Only A, B and x get gradients; the
  /// low-rank product is added in place and nothing of W's size is formed.
  /// - Shape: self `[m, weight.columns]`; result `[m, weight.rows]`.
  /// - Parameter adapterInput: What the low-rank product reads instead of x (x after dropout); x where `nil`.
  package func linear(
    _ weight: WeightMatrix, adding factors: LoRAFactors, scale: Float, adapterInput: Tensor? = nil,
    precision: Precision = .f32
  ) -> Tensor {
    linear(weight, adding: factors, scale: scale, adapterInput: adapterInput, precision: precision, access: .packed)
  }

  /// The same with the weights found where `access` says; the factors, too, are read where they are where it says
  /// `stored`, and packed for the pass otherwise.
  func linear(
    _ weight: WeightMatrix, adding factors: LoRAFactors, scale: Float, adapterInput: Tensor?, precision: Precision,
    access: WeightAccess
  ) -> Tensor {
    let m = linearRows(weight)
    let (inputs, outputs, rank) = (weight.columns, weight.rows, factors.rank)
    let (a, b) = (factors.a, factors.b)
    require(
      a.shape[1] == inputs && b.shape[0] == outputs,
      "LoRA factors \(a.shape), \(b.shape) do not fit a weight matrix [\(outputs), \(inputs)]")
    let z = adapterInput ?? self
    require(z.shape == shape, "an adapter's input of shape \(z.shape) does not fit an input of \(shape)")
    // hidden = scale·(z·Aᵀ), [m, rank]
    let hidden = Tensor(shape: [m, rank]) { start in
      let destination = MatrixDestination(start: start, stride: rank)
      multiplyTransposed(destination, z, a, m: m, .store, access)
      Kernels.current.scale(start, start, by: scale, m * rank)
    }
    let out = Tensor(shape: [m, outputs]) { start in
      let destination = MatrixDestination(start: start, stride: outputs)
      weight.multiply(destination, matrix, m: m, precision, .store, access: access)
      multiplyTransposed(destination, hidden, b, m: m, .add, access)
    }
    let saved = SavedTensor(z)
    let pullback = LoRALinearPullback(
      weight: weight, precision: precision, scale: scale, m: m, hidden: hidden, a: a.detached(), b: b.detached())
    return out.recorded(from: [self, z, a, b]) { [x = node, zNode = z.node, aNode = a.node, bNode = b.node] gradient in
      let dy = MatrixSource(start: gradient.start, stride: outputs)
      if let bNode { bNode.accumulate { pullback.addGradientOfB($0, $1, dy) } }
      guard x != nil || zNode != nil || aNode != nil else { return }
      let dHidden = pullback.gradientOfProduct(dy)
      if let aNode { aNode.accumulate { pullback.addGradientOfA($0, $1, dHidden, saved.value) } }
      x?.accumulate { destination, mode in
        weight.multiplyBackward(MatrixDestination(start: destination, stride: inputs), dy, m: m, precision, mode)
      }
      zNode?.accumulate { pullback.addGradientOfInput($0, $1, dHidden) }
    }
  }

  private func linearRows(_ weight: WeightMatrix) -> Int {
    require(
      shape.rank == 2 && shape[1] == weight.columns,
      "a weight matrix [\(weight.rows), \(weight.columns)] cannot multiply rows of shape \(shape)")
    return shape[0]
  }
}

/// c (=, +=) x·factorᵀ in Float32, x `[m, k]`, factor `[n, k]`.
private func multiplyTransposed(
  _ c: MatrixDestination, _ x: Tensor, _ factor: Tensor, m: Int, _ mode: StoreMode, _ access: WeightAccess
) {
  let (n, k) = (factor.shape[0], factor.shape[1])
  switch access {
  case .packed:
    Gemm.multiply(c, .rows(x.matrix), .transpose(of: factor.matrix), Gemm.Size(m: m, n: n, k: k), mode)
  case .stored:
    let weights = StoredWeights(
      start: factor.start, bytesPerRow: k * MemoryLayout<Float>.stride, order: nil, rows: n, columns: k, format: .f32)
    Gemm.multiply(c, x.matrix, stored: weights, m: m, .f32, mode)
  }
}

/// The gradients of the low-rank product: with H = z·Aᵀ and y = scale·H·Bᵀ,
/// dB = dyᵀ·(scale·H), dH = scale·dy·B, dA = dHᵀ·z, dz = dH·A.
private struct LoRALinearPullback {
  let weight: WeightMatrix
  let precision: Precision
  let scale: Float
  let m: Int
  let hidden: Tensor
  let a: Tensor
  let b: Tensor

  private var rank: Int { a.shape[0] }

  func addGradientOfB(_ destination: FloatDestination, _ mode: StoreMode, _ dy: MatrixSource) {
    Gemm.multiply(
      MatrixDestination(start: destination, stride: rank), .transpose(of: dy), .rows(hidden.matrix),
      Gemm.Size(m: weight.rows, n: rank, k: m), mode)
  }

  func gradientOfProduct(_ dy: MatrixSource) -> Tensor {
    Tensor(shape: [m, rank]) { start in
      Gemm.multiply(
        MatrixDestination(start: start, stride: rank), .rows(dy), .rows(b.matrix),
        Gemm.Size(m: m, n: rank, k: weight.rows), .store)
      Kernels.current.scale(start, start, by: scale, m * rank)
    }
  }

  /// dA is formed as its transpose, zᵀ·dH, so that only the thin dH has to be packed and not z.
  func addGradientOfA(_ destination: FloatDestination, _ mode: StoreMode, _ dHidden: Tensor, _ z: Tensor) {
    let inputs = weight.columns
    withScratch(Float.self, count: max(1, inputs * rank)) { transposed in
      Gemm.multiply(
        MatrixDestination(start: transposed, stride: rank), .transpose(of: z.matrix), .rows(dHidden.matrix),
        Gemm.Size(m: inputs, n: rank, k: m), .store)
      ComputePool.shared.forEachRange(count: inputs, grain: 256) { columns in
        transpose(transposed, columns, into: destination, mode)
      }
    }
  }

  /// destination (=, +=) the transpose of `[inputs, rank]`, for some columns of the destination, sixteen (a cache line of
  /// each row) at a time.
  private func transpose(
    _ source: FloatSource, _ columns: Range<Int>, into destination: FloatDestination, _ mode: StoreMode
  ) {
    let inputs = weight.columns
    for first in stride(from: columns.lowerBound, to: columns.upperBound, by: 16) {
      let block = first..<min(first + 16, columns.upperBound)
      for row in 0..<rank {
        let out = destination + row * inputs
        if mode == .store {
          for column in block { out[column] = source[column * rank + row] }
        } else {
          for column in block { out[column] += source[column * rank + row] }
        }
      }
    }
  }

  func addGradientOfInput(_ destination: FloatDestination, _ mode: StoreMode, _ dHidden: Tensor) {
    Gemm.multiply(
      MatrixDestination(start: destination, stride: weight.columns), .rows(dHidden.matrix), .rows(a.matrix),
      Gemm.Size(m: m, n: weight.columns, k: rank), mode)
  }
}
