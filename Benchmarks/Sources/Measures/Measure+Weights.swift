import CKernels
import CSTCore

extension Measure {
  /// Packing of the head, both directions and precisions, and the dequantisation of every format.
  static func weights() -> [Measure] {
    let (n, k) = (49152, 576)
    let packing = ["pack-nt", "pack-nn", "pack-nt-bf16", "pack-nn-bf16"].map { operation in
      kernel(operation, [n, k], bytes: n * k * (operation.hasSuffix("bf16") ? 6 : 8)) { table in
        let b = Floats(count: n * k, in: -1...1, seed: 15)
        if operation.hasSuffix("bf16") {
          let packed = Memory<UInt16>(count: n * k) { _ in 0 }
          let width = table.panel_width_bf16
          let isTransposed = operation == "pack-nt-bf16"
          return (
            {
              isTransposed
                ? table.pack_nt_f32_bf16(packed.start, b.start, k, n, k)
                : table.pack_nn_f32_bf16(packed.start, b.start, n, k, n)
            },
            {
              for column in sampled(n) {
                for p in sampled(k) {
                  let at = column / width * width * k + p / 2 * 2 * width + column % width * 2 + p % 2
                  let found = Float(bitPattern: UInt32(packed[at]) << 16)
                  try compare(
                    found, Double(b[isTransposed ? column * k + p : p * n + column]), within: 0, "[\(p), \(column)]")
                }
              }
            }
          )
        }
        let packed = Floats(count: n * k)
        let width = table.panel_width_f32
        let isTransposed = operation == "pack-nt"
        return (
          {
            isTransposed
              ? table.pack_nt_f32(packed.start, b.start, k, n, k) : table.pack_nn_f32(packed.start, b.start, n, k, n)
          },
          {
            for column in sampled(n) {
              for p in sampled(k) {
                let found = packed[column / width * width * k + p * width + column % width]
                try compare(
                  found, Double(b[isTransposed ? column * k + p : p * n + column]), within: 0, "[\(p), \(column)]")
              }
            }
          }
        )
      }
    }
    return packing + formats.map { dequantization($0.format, $0.kernel, name: $0.name) }
  }

  private static var formats: [(name: String, format: WeightFormat, kernel: CKFormat)] {
    [
      ("f16", .f16, .F16), ("bf16", .bf16, .BF16), ("q8_0", .q8_0, .Q8_0), ("q4_0", .q4_0, .Q4_0),
      ("q4_1", .q4_1, .Q4_1), ("q5_0", .q5_0, .Q5_0), ("q5_1", .q5_1, .Q5_1), ("q4_K", .q4_K, .Q4_K),
      ("q5_K", .q5_K, .Q5_K), ("q6_K", .q6_K, .Q6_K),
    ]
  }

  private static func dequantization(_ format: WeightFormat, _ number: CKFormat, name: String) -> Measure {
    let count = 49152 * 768
    let byteCount = count / format.blockLength * format.bytesPerBlock
    return kernel("dequantize-\(name)", [count], bytes: byteCount + 4 * count) { table in
      let blocks = StoredBlocks(format, byteCount: byteCount)
      let out = Floats(count: count)
      return (
        { table.dequantize_f32(out.start, blocks.bytes.start, count, number) },
        {
          for index in sampled(count, 997) {
            // The scale times an integer is exact, and so is a bf16 or f16; a minimum subtracted rounds, and so does the
            // product of two scales.
            let expected = blocks.value(index)
            try compare(out[index], expected, within: 0x1p-22 * max(abs(expected), 16), "weight \(index)")
          }
        }
      )
    }
  }
}
