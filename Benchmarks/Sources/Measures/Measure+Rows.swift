import CKernels
import CSTCore
import Foundation

/// Kernels that pass over memory. Bytes are those that must be read and written; operands are larger than the caches.
extension Measure {
  static func rows() -> [Measure] {
    [
      kernel("exp", [1 << 24], bytes: 8 << 24) { table in
        let (x, out) = (Floats(count: 1 << 24, in: -80...80, seed: 3), Floats(count: 1 << 24))
        return (
          { table.exp_f32(out.start, x.start, x.count) },
          { try close(out, sampled(x.count), ulps: 2) { exp(Double(x[$0])) } }
        )
      },
      kernel("log", [1 << 24], bytes: 8 << 24) { table in
        let (x, out) = (Floats(count: 1 << 24, in: 0.0078125...100, seed: 4), Floats(count: 1 << 24))
        return (
          { table.log_f32(out.start, x.start, x.count) },
          { try close(out, sampled(x.count), ulps: 2) { log(Double(x[$0])) } }
        )
      },
      kernel("silu-multiply", [1 << 24], bytes: 12 << 24) { table in
        let (gate, up) = (Floats(count: 1 << 24, in: -8...8, seed: 5), Floats(count: 1 << 24, in: -2...2, seed: 6))
        let out = Floats(count: 1 << 24)
        return (
          { table.silu_multiply_f32(out.start, gate.start, up.start, out.count) },
          {
            // The sigmoid is within 4 ULP, and two products round.
            try close(out, sampled(out.count), ulps: 6) { index in
              Double(gate[index]) / (1 + exp(-Double(gate[index]))) * Double(up[index])
            }
          }
        )
      },
      kernel("rmsnorm", [24576, 576], bytes: 8 * 24576 * 576) { table in
        let (x, out) = (Floats(count: 24576 * 576, in: -2...2, seed: 7), Floats(count: 24576 * 576))
        let weight = Floats(count: 576, in: 0.5...1.5, seed: 8)
        return (
          { table.rmsnorm_f32(out.start, 576, x.start, 576, weight.start, 24576, 576, 1e-5) },
          {
            for row in sampled(24576) {
              let squares = (0..<576).reduce(0.0) { $0 + Double(x[row * 576 + $1]) * Double(x[row * 576 + $1]) }
              let scale = 1 / (squares / 576 + 1e-5).squareRoot()
              // Squares are positive, so their sum in float32 is off by at most 576 half-ulps, its root by half of that.
              try close(out, sampled(576).map { row * 576 + $0 }, ulps: 300) {
                Double(x[$0]) * scale * Double(weight[$0 - row * 576])
              }
            }
          }
        )
      },
      kernel("logprob", [512, 49152], bytes: 4 * 512 * 49152) { table in
        let (rows, width) = (512, 49152)
        let x = Floats(count: rows * width, in: -8...8, seed: 9)
        let targets = Memory<Int32>(count: rows) { Int32($0 * 95 % 49152) }
        let out = Floats(count: rows)
        return (
          { table.logprob_rows_f32(out.start, nil, x.start, width, targets.start, rows, width) },
          {
            for row in sampled(rows, 4) {
              let sum = (0..<width).reduce(0.0) { $0 + exp(Double(x[row * width + $1])) }
              // Sixteen or more partial sums of positive numbers: at most width/16 half-ulps, relative; the logarithm
              // makes that absolute. Subtracting numbers below 32 adds two ulps of 32.
              let tolerance = 0x1p-24 * Double(width) / 16 + 0x1p-17
              try compare(
                out[row], Double(x[row * width + Int(targets[row])]) - log(sum), within: tolerance, "row \(row)")
            }
          }
        )
      },
      adamW(),
    ]
  }

  /// Reads parameter, moments and gradient, writes parameter and moments.
  private static func adamW() -> Measure {
    kernel("adamw", [1 << 24], bytes: 28 << 24) { table in
      let count = 1 << 24
      let gradient = Floats(count: count, in: -1...1, seed: 10)
      let (parameter, m, v) = (Floats(count: count), Floats(count: count) { _ in 0 }, Floats(count: count) { _ in 0 })
      let run = {
        table.adamw_f32(
          parameter.start, m.start, v.start, gradient.start, count, 1, 1e-4, 0.9, 0.999, 1e-8, 0.01, 0.1, 0.001)
      }
      return (
        run,
        {
          // The check comes after the first step from parameters 1 and moments 0.
          for index in sampled(count) {
            let g = Double(gradient[index])
            let step = 1e-4 * g / (abs(g) + 1e-8)
            try compare(parameter[index], 1 - 1e-6 - step, within: 0x1p-21, "parameter \(index)")
          }
        }
      )
    }
  }

  static func kernel(
    _ operation: String, _ sizes: [Int], bytes: Int,
    make: @escaping (CKKernels) throws -> (run: () -> Void, check: () throws -> Void)
  ) -> Measure {
    let work = Work(
      name: "\(operation) \(sizes.map(String.init).joined(separator: "x")), 1 thread", section: "kernels",
      operation: operation, sizes: sizes, precision: "f32", threads: 1, unit: .gigabytes, limit: .read)
    return Measure(work: work) {
      let (run, check) = try make(try kernelTable())
      return .kernel(
        amount: Double(bytes) / 1e9,
        check: {
          run()
          try check()
        }, run: run)
    }
  }

  /// Throws where an element is farther from `expected` than so many units in the last place of float32.
  private static func close(
    _ found: Floats, _ indices: [Int], ulps: Double, _ expected: (Int) -> Double
  ) throws {
    for index in indices {
      let value = expected(index)
      let unit = max(Double(Float(abs(value)).ulp), 0x1p-149)
      try compare(found[index], value, within: ulps * unit, "element \(index)")
    }
  }
}
