extension Tensor {
  /// The log-probability of one target per row under softmax(x·Wᵀ), W the language-model head.
  ///
  /// Logits are formed for a chunk of rows at a time and never kept: where a gradient is wanted, the derivative of each
  /// log-probability with respect to its row of x is formed in the same pass, W[target] − softmax(x·Wᵀ)·W, and only
  /// scaled later.
  /// - Shape: self `[m, head.columns]`, `targets.count == m`, each below `head.rows`; result `[m]`.
  /// - Complexity: Scratch of `min(m, 128) · head.rows` floats.
  /// - Parameter logSquares: Filled with log Σ p² of every row's distribution, if given: `[m]`.
  package func tokenLogProbabilities(
    of targets: [Int32], head: WeightMatrix, precision: Precision = .f32, logSquares: Tensor? = nil
  ) -> Tensor {
    let (m, width) = shape.matrix
    require(
      shape.rank == 2 && m == targets.count && width == head.columns,
      "\(targets.count) targets and a head [\(head.rows), \(head.columns)] do not fit rows of shape \(shape)")
    require(targets.allSatisfy { $0 >= 0 && $0 < head.rows }, "a target is outside the head's \(head.rows) tokens")
    let derivatives = node == nil ? nil : Tensor(shape: shape) { _ in }
    let out = WorkRecorder.measure(.head) {
      tokenLogProbabilities(
        of: targets, head: head, precision: precision, derivatives: derivatives, logSquares: logSquares)
    }
    guard let derivatives else { return out }
    return out.recorded(from: [self]) { [node] gradient in
      node?.accumulate { dx, mode in
        forEachRowRange(of: m, grain: 64) { rows in
          for row in rows {
            Kernels.current.scale(
              dx + row * width, derivatives.start + row * width, by: gradient.start[row], width, mode)
          }
        }
      }
    }
  }

  /// The same without checks and graph; `derivatives`, if given, is filled with the derivative of each log-probability
  /// with respect to its row.
  private func tokenLogProbabilities(
    of targets: [Int32], head: WeightMatrix, precision: Precision, derivatives: Tensor?, logSquares: Tensor?
  ) -> Tensor {
    let (m, width) = shape.matrix
    return Tensor(shape: [m]) { logProbabilities in
      let chunk = 128
      withScratch(Float.self, count: max(1, min(m, chunk) * head.rows)) { logits in
        for first in stride(from: 0, to: m, by: chunk) {
          let rows = min(chunk, m - first)
          let logitRows = MatrixDestination(start: logits, stride: head.rows)
          head.multiply(
            logitRows, MatrixSource(start: start + first * width, stride: width), m: rows, precision, .store)
          targets.withUnsafeBufferPointer { targets in
            guard let targets = targets.baseAddress else { return }
            logProbabilitiesAndGradient(
              logitRows, targets: targets + first, rows: rows, logProbabilities: logProbabilities + first,
              logSquares: logSquares.map { $0.storage.start + first }, wantsGradient: derivatives != nil)
          }
          if let derivatives {
            head.multiplyBackward(
              MatrixDestination(start: derivatives.storage.start + first * width, stride: width),
              MatrixSource(start: logits, stride: head.rows), m: rows, precision, .store)
          }
        }
      }
    }
  }
}

/// Turns rows of logits into log-probabilities of their targets and, if wanted, in place into the gradient of each
/// log-probability with respect to the logits.
private func logProbabilitiesAndGradient(
  _ logits: MatrixDestination, targets: UnsafePointer<Int32>, rows: Int, logProbabilities: FloatDestination,
  logSquares: FloatDestination?, wantsGradient: Bool
) {
  let width = logits.stride
  ComputePool.shared.forEachRange(count: rows) { range in
    withScratch(Float.self, count: range.count) { logSums in
      let first = range.lowerBound
      Kernels.current.logProbabilities(
        logProbabilities + first, logSums: logSums, logits.start + first * width, targets: targets + first,
        rows: range.count, width: width)
      if let logSquares {
        // log Σ p² = log Σ e^2x - 2 log Σ e^x, the first by the same kernel over twice the logits.
        withScratch(Float.self, count: width) { doubled in
          for row in range {
            Kernels.current.scale(doubled, logits.start + row * width, by: 2, width, .store)
            withScratch(Float.self, count: 2) { sums in
              Kernels.current.logProbabilities(
                sums, logSums: sums + 1, doubled, targets: targets + row, rows: 1, width: width)
              logSquares[row] = sums[1] - 2 * logSums[row - first]
            }
          }
        }
      }
      if wantsGradient {
        Kernels.current.logProbabilityGradients(
          logits.start + first * width, logSums: logSums, targets: targets + first, rows: range.count, width: width)
      }
    }
  }
}
