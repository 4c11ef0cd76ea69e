extension Tensor {
  /// silu(self)·up, the gate of a SwiGLU feed-forward layer (Shazeer, arXiv 2002.05202), silu(g) = g / (1 + e⁻ᵍ).
  ///
  /// The result is computed again in the backward pass rather than kept.
  /// - Shape: self and `up` alike; result like them.
  package func siluMultiplied(by up: Tensor) -> Tensor {
    require(shape == up.shape, "a gate of shape \(shape) cannot multiply \(up.shape)")
    let (gate, up, count, shape) = (self, up, count, shape)
    let (gateValues, upValues) = (gate.detached(), up.detached())
    let compute = { () -> Tensor in
      Tensor(shape: shape) { out in
        forEachChunk(of: count) { offset, count in
          Kernels.current.siluMultiply(
            out + offset, gate: gateValues.start + offset, up: upValues.start + offset, count)
        }
      }
    }
    return compute().recorded(from: [gate, up], recomputation: Recomputation(compute)) {
      [gateNode = gate.node, upNode = up.node] gradient in
      let dGate = TensorStorage(count: count)
      let dUp = TensorStorage(count: count)
      forEachChunk(of: count) { offset, count in
        Kernels.current.siluMultiplyBackward(
          dGate: dGate.start + offset, dUp: dUp.start + offset, dOut: gradient.start + offset,
          gate: gateValues.start + offset, up: upValues.start + offset, count)
      }
      gateNode?.accumulate(sharing: dGate)
      upNode?.accumulate(sharing: dUp)
    }
  }
}
