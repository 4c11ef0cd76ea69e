import CKernels
import Foundation

/// The compute kernels of the instruction set in use. The only door between Swift and `CKernels`.
///
/// The variant is chosen once per process: the best one this CPU runs, or the one that the environment variable
/// `CST_KERNELS` names (`scalar` gives the slow, reproducible reference). All pointers, sizes and aliasing rules are
/// those of the contracts in `ckernels.h`.
public struct Kernels: Sendable {
  let table: CKKernels

  /// The kernels in use. Stops the process where `CST_KERNELS` names a variant that cannot run here; call
  /// ``checkSelection()`` first to get that as an error.
  public static let current: Kernels = {
    switch selection() {
    case .success(let kernels): return kernels
    case .failure(let error): mistake(error.description)
    }
  }()

  /// Throws where `CST_KERNELS` names a variant that is unknown or cannot run on this machine.
  public static func checkSelection() throws(KernelSelectionError) { _ = try selection().get() }

  /// Names of the variants that can run here, worst to best.
  public static var runnableNames: [String] { variants.filter { ck_kernels_for($0.variant) != nil }.map(\.name) }

  /// The name of this variant: `scalar`, `avx2`, `avx512`, `avx512bf16` or `neon`.
  public var name: String { Kernels.variants.first { $0.variant == table.variant }?.name ?? "unknown" }

  /// Whether bf16 products run in hardware, so that bf16 is faster than float32.
  public var hasFastBF16: Bool { table.variant == .AVX512BF16 }

  /// Tells the CPU that the caller is spinning.
  @inline(__always)
  static func spinHint() { ck_spin_hint() }

  private static let variants: [(name: String, variant: CKVariant)] = [
    ("scalar", .scalar), ("avx2", .AVX2), ("avx512", .AVX512), ("avx512bf16", .AVX512BF16), ("neon", .NEON),
  ]

  private static func selection() -> Result<Kernels, KernelSelectionError> {
    let requested = ProcessInfo.processInfo.environment["CST_KERNELS"] ?? ""
    let variant = requested.isEmpty ? ck_best() : variants.first { $0.name == requested }?.variant
    guard let variant, let table = ck_kernels_for(variant) else {
      return .failure(KernelSelectionError(requested: requested, runnable: runnableNames))
    }
    return .success(Kernels(table: table.pointee))
  }
}

/// `CST_KERNELS` names a variant that is unknown or cannot run on this machine.
public struct KernelSelectionError: PlacedError, Hashable {
  /// The kind of failure.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure in a few words.
    public let description: String

    /// The name is unknown, or this CPU lacks what the variant needs.
    public static let cannotRun = Reason(description: "no such kernel variant on this machine")
  }

  /// The value of `CST_KERNELS`.
  public let requested: String
  /// The variants that can run here.
  public let runnable: [String]

  /// Always ``Reason/cannotRun``.
  public var reason: Reason { .cannotRun }

  /// The environment variable and its value.
  public var place: String { "CST_KERNELS=\(requested)" }
  /// What is possible.
  public var detail: String { "it runs \(runnable.joined(separator: ", "))" }
  /// One line naming the request and what is possible.
  public var description: String { "\(place): \(reason); \(detail)" }
}

/// Whether a kernel overwrites its destination, which it then never reads, or adds to it.
enum StoreMode {
  case store, add

  fileprivate var value: CKStore { self == .store ? .store : .add }
}

typealias FloatSource = UnsafePointer<Float>
typealias FloatDestination = UnsafeMutablePointer<Float>

/// A matrix in memory for a kernel: its first element and the distance between rows in elements.
struct MatrixSource {
  let start: FloatSource
  let stride: Int
}

/// A matrix that a kernel writes: its first element and the distance between rows in elements.
struct MatrixDestination {
  let start: FloatDestination
  let stride: Int
}

// MARK: - GEMM and weights

extension Kernels {
  var panelWidthF32: Int { table.panel_width_f32 }
  var panelWidthBF16: Int { table.panel_width_bf16 }
  /// Products may be split along the sums at multiples of this: adding the later parts gives the bits of the whole.
  var gemmBlock: Int { table.gemm_block }

  /// Packs B given as its transpose `[n, k]`.
  func packTransposed(_ packed: FloatDestination, _ b: FloatSource, stride: Int, n: Int, k: Int) {
    table.pack_nt_f32(packed, b, stride, n, k)
  }

  /// Packs B given as `[k, n]`.
  func pack(_ packed: FloatDestination, _ b: FloatSource, stride: Int, k: Int, n: Int) {
    table.pack_nn_f32(packed, b, stride, k, n)
  }

  func packTransposedBF16(_ packed: UnsafeMutablePointer<UInt16>, _ b: FloatSource, stride: Int, n: Int, k: Int) {
    table.pack_nt_f32_bf16(packed, b, stride, n, k)
  }

  func packBF16(_ packed: UnsafeMutablePointer<UInt16>, _ b: FloatSource, stride: Int, k: Int, n: Int) {
    table.pack_nn_f32_bf16(packed, b, stride, k, n)
  }

  func gemm(
    _ c: FloatDestination, stride: Int, a: FloatSource, rowStride: Int, columnStride: Int, packedB: FloatSource,
    m: Int, n: Int, k: Int, _ mode: StoreMode
  ) {
    table.gemm_f32(c, stride, a, rowStride, columnStride, packedB, m, n, k, mode.value)
  }

  func gemmBF16(
    _ c: FloatDestination, stride: Int, a: UnsafePointer<UInt16>, aStride: Int, packedB: UnsafePointer<UInt16>,
    m: Int, n: Int, k: Int, _ mode: StoreMode
  ) {
    table.gemm_bf16_f32(c, stride, a, aStride, packedB, m, n, k, mode.value)
  }

  func convertToBF16(_ out: UnsafeMutablePointer<UInt16>, _ x: FloatSource, count: Int) {
    table.convert_f32_bf16(out, x, count)
  }

  func gemmStored(
    _ c: MatrixDestination, a: MatrixSource, _ weights: StoredWeights, m: Int, _ mode: StoreMode
  ) {
    table.gemm_stored_f32(
      c.start, c.stride, a.start, a.stride, weights.start, weights.bytesPerRow, weights.order, m, weights.rows,
      weights.columns, weights.format.kernelFormat, mode.value)
  }

  func gemmStoredBF16(
    _ c: MatrixDestination, a: UnsafePointer<UInt16>, aStride: Int, _ weights: StoredWeights, m: Int, _ mode: StoreMode
  ) {
    table.gemm_stored_bf16_f32(
      c.start, c.stride, a, aStride, weights.start, weights.bytesPerRow, weights.order, m, weights.rows,
      weights.columns, weights.format.kernelFormat, mode.value)
  }

  func dequantize(_ out: FloatDestination, _ source: UnsafeRawPointer, count: Int, format: WeightFormat) {
    table.dequantize_f32(out, source, count, format.kernelFormat)
  }
}

extension WeightFormat {
  fileprivate var kernelFormat: CKFormat {
    switch self {
    case .f32: .F32
    case .f16: .F16
    case .bf16: .BF16
    case .q8_0: .Q8_0
    case .q4_0: .Q4_0
    case .q4_1: .Q4_1
    case .q5_0: .Q5_0
    case .q5_1: .Q5_1
    case .q4_K: .Q4_K
    case .q5_K: .Q5_K
    case .q6_K: .Q6_K
    }
  }
}

// MARK: - Rows

/// Direction of a rotary position embedding: forward, or by the negative angle as the backward pass needs.
enum RotationDirection {
  case forward, backward
}

/// One KV head of one segment, for the attention kernels.
struct AttentionHeadShape {
  var rows: Int
  var prefixRows: Int
  var group: Int
  var headWidth: Int
  var scale: Float
  /// Most keys a query sees; all where `nil`.
  var window: Int?

  fileprivate var value: CKAttentionShape {
    CKAttentionShape(
      rows: rows, prefix_rows: prefixRows, group: group, head_width: headWidth, scale: scale, window: window ?? 0)
  }
}

/// Keys and values of one head; both have the same distance between rows.
struct KeyValueSource {
  var keys: FloatSource
  var values: FloatSource
  var stride: Int
}

/// Gradients of keys and values of one head; both have the same distance between rows.
struct KeyValueDestination {
  var keys: FloatDestination
  var values: FloatDestination
  var stride: Int
}

extension Kernels {
  func rmsNormBackward(
    _ dx: MatrixDestination, dy: MatrixSource, x: MatrixSource, weight: FloatSource, rows: Int, width: Int,
    epsilon: Float, _ mode: StoreMode
  ) {
    table.rmsnorm_backward_f32(
      dx.start, dx.stride, dy.start, dy.stride, x.start, x.stride, weight, rows, width, epsilon, mode.value)
  }

  func rotate(
    _ x: MatrixDestination, cosines: FloatSource, sines: FloatSource, positions: UnsafePointer<Int32>, rows: Int,
    heads: Int, headWidth: Int, rotated: Int, _ direction: RotationDirection
  ) {
    table.rotate_f32(
      x.start, x.stride, cosines, sines, positions, rows, heads, headWidth, rotated,
      direction == .forward ? .forward : .backward)
  }

  func softmaxBackward(
    _ dx: FloatDestination, dy: FloatSource, y: FloatSource, rows: Int, width: Int, _ mode: StoreMode
  ) {
    table.softmax_rows_backward_f32(dx, width, dy, width, y, width, rows, width, mode.value)
  }

  func logSoftmaxBackward(
    _ dx: FloatDestination, dy: FloatSource, y: FloatSource, rows: Int, width: Int, _ mode: StoreMode
  ) {
    table.log_softmax_rows_backward_f32(dx, width, dy, width, y, width, rows, width, mode.value)
  }

  /// Floats of scratch one attention call of this shape needs, forward and backward.
  func attentionScratch(_ shape: AttentionHeadShape) -> Int {
    withUnsafePointer(to: shape.value) { table.attention_scratch_f32($0) }
  }

  func attentionBackwardScratch(_ shape: AttentionHeadShape) -> Int {
    withUnsafePointer(to: shape.value) { table.attention_backward_scratch_f32($0) }
  }

  func attention(
    _ out: MatrixDestination, logSum: MatrixDestination?, q: MatrixSource, prefix: KeyValueSource, own: KeyValueSource,
    shape: AttentionHeadShape, scratch: FloatDestination
  ) {
    withUnsafePointer(to: shape.value) {
      table.attention_f32(
        out.start, out.stride, logSum?.start, logSum?.stride ?? 0, q.start, q.stride, prefix.keys, prefix.values,
        prefix.stride, own.keys, own.values, own.stride, $0, scratch)
    }
  }

  func attentionBackward(
    dq: MatrixDestination, dPrefix: KeyValueDestination, dOwn: KeyValueDestination, dOut: MatrixSource,
    out: MatrixSource, logSum: MatrixSource, q: MatrixSource, prefix: KeyValueSource, own: KeyValueSource,
    shape: AttentionHeadShape, scratch: FloatDestination
  ) {
    withUnsafePointer(to: shape.value) {
      table.attention_backward_f32(
        dq.start, dq.stride, dPrefix.keys, dPrefix.values, dPrefix.stride, dOwn.keys, dOwn.values, dOwn.stride,
        dOut.start, dOut.stride, out.start, out.stride, logSum.start, logSum.stride, q.start, q.stride, prefix.keys,
        prefix.values, prefix.stride, own.keys, own.values, own.stride, $0, scratch)
    }
  }
}
