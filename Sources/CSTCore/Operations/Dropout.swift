extension Tensor {
  /// Every element kept with probability `1 - probability` and divided by it, else zero.
  ///
  /// The mask is a function of `seed`, `stream` and the element's index alone, so it is the same for any number of
  /// threads and need not be kept for the backward pass.
  /// - Shape: result like self. Traps where `probability` is outside `0..<1`.
  public func dropout(probability: Float, seed: UInt64, stream: UInt64) -> Tensor {
    require((0..<1).contains(probability), "a dropout probability is in 0..<1, not \(probability)")
    let mask = DropoutMask(probability: probability, key: mixed(seed &+ mixed(stream &+ 0x9E37_79B9_7F4A_7C15)))
    // What is itself computed again need not be kept for computing this again.
    let saved = SavedTensor(self)
    let recomputation = Recomputation { saved.value.masked(by: mask) }
    return masked(by: mask).recorded(from: [self], recomputation: recomputation) { [node, count] gradient in
      node?.accumulate { dx, mode in mask.apply(dx, gradient.start, count, mode) }
    }
  }

  private func masked(by mask: DropoutMask) -> Tensor { Tensor(shape: shape) { mask.apply($0, start, count, .store) } }
}

private struct DropoutMask {
  let probability: Float
  let key: UInt64

  func apply(_ out: FloatDestination, _ x: FloatSource, _ count: Int, _ mode: StoreMode) {
    let scale = 1 / (1 - probability)
    let threshold = UInt64(Double(probability) * 0x1p32)
    forEachRowRange(of: count, grain: 1 << 14) { range in
      for index in range {
        let value = mixed(key &+ UInt64(index)) >> 32 < threshold ? 0 : x[index] * scale
        out[index] = mode == .store ? value : out[index] + value
      }
    }
  }
}

/// 64 bits that are a function of `value` alone and look independent of those of other values.
private func mixed(_ value: UInt64) -> UInt64 {
  var generator = SplitMix64(state: value)
  return generator.next()
}
