import CKernels
import TestSupport

/// A product with stored weights laid out for one variant, and the same with the weights dequantised and packed. Every
/// operand ends at an unmapped page.
struct StoredGemmCase {
  let (m, n, k): (Int, Int, Int)
  let format: CKFormat
  let kernels: CKKernels
  let bytesPerRow: Int
  /// Row-major `[n, k]`.
  let weights: [Float]
  let stored: GuardedBuffer<UInt8>
  let aStride: Int
  let a: GuardedBuffer<Float>
  let aBF16: GuardedBuffer<UInt16>

  /// Weights from these bytes, row by row; seeded `a` of numbers in -1...1.
  init(_ variant: CKVariant, _ format: CKFormat, bytes: [UInt8], m: Int, n: Int, k: Int, aPadding: Int = 3) {
    (self.m, self.n, self.k) = (m, n, k)
    self.format = format
    kernels = variant.kernels
    let block = BlockDecoder.blockSize(format)
    bytesPerRow = k / block.weights * block.bytes
    weights = BlockDecoder.weights(bytes, format)
    stored = GuardedBuffer(count: bytes.count, fill: 0)
    _ = stored.elements.update(fromContentsOf: bytes)
    aStride = k + aPadding
    let aCount = m == 0 ? 0 : (m - 1) * aStride + k
    a = GuardedBuffer(count: aCount, fill: .nan)
    aBF16 = GuardedBuffer(count: aCount, fill: 0x7FC0)
    var generator = SplitMix64(seed: UInt64(m + 7 * n + 31 * k))
    let values = generator.floats(m * k)
    for row in 0..<m {
      for column in 0..<k {
        let value = values[row * k + column]
        a.elements[row * aStride + column] = value
        aBF16.elements[row * aStride + column] = BFloat16Oracle.bits(value)
      }
    }
  }

  /// Random weights of moderate size.
  init(_ variant: CKVariant, _ format: CKFormat, m: Int, n: Int, k: Int, aPadding: Int = 3) {
    let block = BlockDecoder.blockSize(format)
    let bytes: [UInt8]
    if block.weights == 1, format != .F16 {
      var generator = SplitMix64(seed: UInt64(n + k))
      bytes = generator.floats(n * k).flatMap { value -> [UInt8] in
        let little = withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        return format == .F32 ? little : Array(little[2...])
      }
    } else {
      bytes = DequantizeTests.blocks(n * k / block.weights, format, special: false, seed: UInt64(n + k))
    }
    self.init(variant, format, bytes: bytes, m: m, n: n, k: k, aPadding: aPadding)
  }

  /// The product of a range of rows of A and of stored rows into the right place of `c` `[m, n]`.
  func multiply(
    _ c: Operand, rows: Range<Int>? = nil, storedRows: Range<Int>? = nil, order: [UInt32]? = nil,
    _ store: CKStore = .store
  ) {
    let (rows, part) = (rows ?? 0..<m, storedRows ?? 0..<n)
    let out = c.pointer + rows.lowerBound * c.stride + (order == nil ? part.lowerBound : 0)
    let places = order.map { Array($0[part]) } ?? []
    places.withUnsafeBufferPointer { places in
      kernels.gemm_stored_f32(
        out, c.stride, a.pointer + rows.lowerBound * aStride, aStride, stored.pointer + part.lowerBound * bytesPerRow,
        bytesPerRow, order == nil ? nil : places.baseAddress, rows.count, part.count, k, format, store)
    }
  }

  func multiplyBF16(_ c: Operand, _ store: CKStore = .store) {
    kernels.gemm_stored_bf16_f32(
      c.pointer, c.stride, aBF16.pointer, aStride, stored.pointer, bytesPerRow, nil, m, n, k, format, store)
  }

  /// What gemm_f32 makes of the dequantised weights, added to `initial` where there is one.
  func packedProduct(initial: Float? = nil) -> [Float] {
    let width = kernels.panel_width_f32
    let packed = GuardedBuffer<Float>(count: (n + width - 1) / width * width * k, fill: 0)
    let c = Operand(rows: m, width: n, fill: initial ?? .nan)
    kernels.pack_nt_f32(packed.pointer, weights, k, n, k)
    kernels.gemm_f32(
      c.pointer, c.stride, a.pointer, aStride, 1, packed.pointer, m, n, k, initial == nil ? .store : .add)
    return c.values
  }

  func packedProductBF16(initial: Float? = nil) -> [Float] {
    let width = kernels.panel_width_bf16
    let packed = GuardedBuffer<UInt16>(count: (n + width - 1) / width * width * (k + k % 2), fill: 0)
    let c = Operand(rows: m, width: n, fill: initial ?? .nan)
    kernels.pack_nt_f32_bf16(packed.pointer, weights, k, n, k)
    kernels.gemm_bf16_f32(
      c.pointer, c.stride, aBF16.pointer, aStride, packed.pointer, m, n, k, initial == nil ? .store : .add)
    return c.values
  }

  /// The first element that is further from the sum in Double than k + 3 roundings of its terms' magnitudes.
  func mismatch(_ found: [Float]) -> String? {
    var (sums, magnitudes) = ([Double](), [Double]())
    for i in 0..<m {
      for j in 0..<n {
        let terms = (0..<k).map { Double(a.elements[i * aStride + $0]) * Double(weights[j * k + $0]) }
        sums.append(terms.reduce(0, +))
        magnitudes.append(terms.reduce(0) { $0 + $1.magnitude })
      }
    }
    return Mismatch.first(found, sums) { Double(k + 3) * 0x1p-24 * magnitudes[$0] }
  }

  var isIntact: Bool { stored.isIntactInFront && a.isIntactInFront && aBF16.isIntactInFront }
}
