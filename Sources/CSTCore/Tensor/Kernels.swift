import CKernels
import Foundation

/// The compute kernels of the instruction set in use. The only door between Swift and `CKernels`.
///
/// The variant is chosen once per process: the best one this CPU runs, or the one that the environment variable
/// `CST_KERNELS` names (`scalar` gives the slow, reproducible reference). All pointers, sizes and aliasing rules are
/// those of the contracts in `ckernels.h`.
public struct Kernels: Sendable {
  private let table: CKKernels

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

  package static var names: [String] { variants.map(\.name) }

  package static var runnableNames: [String] { variants.filter { ck_kernels_for($0.variant) != nil }.map(\.name) }

  /// The name of this variant: `scalar` or that of an instruction set.
  public var name: String { String(cString: ck_variant_name(table.variant)) }

  /// Whether bf16 products run in hardware, so that bf16 is faster than float32.
  package var hasFastBF16: Bool { table.bf16_dot }

  /// Tells the CPU that the caller is spinning.
  @inline(__always) static func spinHint() { ck_spin_hint() }

  private static let variants = (0..<UInt32(CKVariantCount)).compactMap(CKVariant.init(rawValue:))
    .map { (name: String(cString: ck_variant_name($0)), variant: $0) }

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
    table.gemm_f32(c, stride, a, rowStride, columnStride, packedB, m, n, k, mode.kernelMode)
  }

  func gemmBF16(
    _ c: FloatDestination, stride: Int, a: UnsafePointer<UInt16>, aStride: Int, packedB: UnsafePointer<UInt16>,
    m: Int, n: Int, k: Int, _ mode: StoreMode
  ) {
    table.gemm_bf16_f32(c, stride, a, aStride, packedB, m, n, k, mode.kernelMode)
  }

  func convertToBF16(_ out: UnsafeMutablePointer<UInt16>, _ x: FloatSource, count: Int) {
    table.convert_f32_bf16(out, x, count)
  }

  func gemmStored(_ c: MatrixDestination, a: MatrixSource, _ weights: StoredWeights, m: Int, _ mode: StoreMode) {
    table.gemm_stored_f32(
      c.start, c.stride, a.start, a.stride, weights.start, weights.bytesPerRow, weights.order, m, weights.rows,
      weights.columns, weights.format.kernelFormat, mode.kernelMode)
  }

  func gemmStoredBF16(
    _ c: MatrixDestination, a: UnsafePointer<UInt16>, aStride: Int, _ weights: StoredWeights, m: Int, _ mode: StoreMode
  ) {
    table.gemm_stored_bf16_f32(
      c.start, c.stride, a, aStride, weights.start, weights.bytesPerRow, weights.order, m, weights.rows,
      weights.columns, weights.format.kernelFormat, mode.kernelMode)
  }

  func dequantize(_ out: FloatDestination, _ source: UnsafeRawPointer, count: Int, format: WeightFormat) {
    table.dequantize_f32(out, source, count, format.kernelFormat)
  }
}

// MARK: - Rows

extension Kernels {
  func rmsNorm(_ out: FloatDestination, _ x: FloatSource, weight: FloatSource, rows: Int, width: Int, epsilon: Float) {
    table.rmsnorm_f32(out, width, x, width, weight, rows, width, epsilon)
  }

  /// dWeight += its gradient.
  func rmsNormBackwardWeight(
    _ dWeight: FloatDestination, dy: FloatSource, x: FloatSource, rows: Int, width: Int, epsilon: Float
  ) {
    table.rmsnorm_backward_weight_f32(dWeight, dy, width, x, width, rows, width, epsilon)
  }

  func rmsNormBackward(
    _ dx: MatrixDestination, dy: MatrixSource, x: MatrixSource, weight: FloatSource, rows: Int, width: Int,
    epsilon: Float, _ mode: StoreMode
  ) {
    table.rmsnorm_backward_f32(
      dx.start, dx.stride, dy.start, dy.stride, x.start, x.stride, weight, rows, width, epsilon, mode.kernelMode)
  }

  func rotate(
    _ x: MatrixDestination, cosines: FloatSource, sines: FloatSource, positions: UnsafePointer<Int32>, rows: Int,
    heads: Int, headWidth: Int, rotated: Int, _ direction: RotationDirection
  ) {
    table.rotate_f32(
      x.start, x.stride, cosines, sines, positions, rows, heads, headWidth, rotated,
      direction == .forward ? .forward : .backward)
  }

  func softmax(_ out: FloatDestination, _ x: FloatSource, rows: Int, width: Int) {
    table.softmax_rows_f32(out, width, x, width, rows, width)
  }

  func softmaxBackward(
    _ dx: FloatDestination, dy: FloatSource, y: FloatSource, rows: Int, width: Int, _ mode: StoreMode
  ) {
    table.softmax_rows_backward_f32(dx, width, dy, width, y, width, rows, width, mode.kernelMode)
  }

  func logSoftmax(_ out: FloatDestination, _ x: FloatSource, rows: Int, width: Int) {
    table.log_softmax_rows_f32(out, width, x, width, rows, width)
  }

  func logSoftmaxBackward(
    _ dx: FloatDestination, dy: FloatSource, y: FloatSource, rows: Int, width: Int, _ mode: StoreMode
  ) {
    table.log_softmax_rows_backward_f32(dx, width, dy, width, y, width, rows, width, mode.kernelMode)
  }

  /// The log-probability of one target a row, and the logarithm of each row's sum of exponentials.
  func logProbabilities(
    _ out: FloatDestination, logSums: FloatDestination, _ logits: FloatSource, targets: UnsafePointer<Int32>, rows: Int,
    width: Int
  ) {
    table.logprob_rows_f32(out, logSums, logits, width, targets, rows, width)
  }

  /// Logits become the gradients of their row's log-probability.
  func logProbabilityGradients(
    _ logits: FloatDestination, logSums: FloatSource, targets: UnsafePointer<Int32>, rows: Int, width: Int
  ) {
    table.logprob_rows_gradient_f32(logits, width, logSums, targets, rows, width)
  }

  /// Floats of scratch one attention call of this shape needs, forward and backward.
  func attentionScratch(_ shape: AttentionHeadShape) -> Int {
    withUnsafePointer(to: shape.kernelShape) { table.attention_scratch_f32($0) }
  }

  func attentionBackwardScratch(_ shape: AttentionHeadShape) -> Int {
    withUnsafePointer(to: shape.kernelShape) { table.attention_backward_scratch_f32($0) }
  }

  func attention(
    _ out: MatrixDestination, logSum: MatrixDestination?, q: MatrixSource, prefix: KeyValueSource, own: KeyValueSource,
    shape: AttentionHeadShape, scratch: FloatDestination
  ) {
    withUnsafePointer(to: shape.kernelShape) {
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
    withUnsafePointer(to: shape.kernelShape) {
      table.attention_backward_f32(
        dq.start, dq.stride, dPrefix.keys, dPrefix.values, dPrefix.stride, dOwn.keys, dOwn.values, dOwn.stride,
        dOut.start, dOut.stride, out.start, out.stride, logSum.start, logSum.stride, q.start, q.stride, prefix.keys,
        prefix.values, prefix.stride, own.keys, own.values, own.stride, $0, scratch)
    }
  }
}

extension StoreMode {
  fileprivate var kernelMode: CKStore { self == .store ? .store : .add }
}

extension AttentionHeadShape {
  fileprivate var kernelShape: CKAttentionShape {
    CKAttentionShape(
      rows: rows, prefix_rows: prefixRows, group: group, head_width: headWidth, scale: scale, window: window ?? 0)
  }
}

// MARK: - Elementwise

extension Kernels {
  func add(_ out: FloatDestination, _ a: FloatSource, _ b: FloatSource, _ count: Int) {
    table.add_f32(out, a, b, count)
  }

  func subtract(_ out: FloatDestination, _ a: FloatSource, _ b: FloatSource, _ count: Int) {
    table.subtract_f32(out, a, b, count)
  }

  func multiply(_ out: FloatDestination, _ a: FloatSource, _ b: FloatSource, _ count: Int) {
    table.multiply_f32(out, a, b, count)
  }

  func divide(_ out: FloatDestination, _ a: FloatSource, _ b: FloatSource, _ count: Int) {
    table.divide_f32(out, a, b, count)
  }

  /// out (=, +=) factor · x
  func scale(_ out: FloatDestination, _ x: FloatSource, by factor: Float, _ count: Int, _ mode: StoreMode = .store) {
    switch mode {
    case .store: table.scale_f32(out, x, factor, count)
    case .add: table.add_scaled_f32(out, x, factor, count)
    }
  }

  func exp(_ out: FloatDestination, _ x: FloatSource, _ count: Int) { table.exp_f32(out, x, count) }
  func log(_ out: FloatDestination, _ x: FloatSource, _ count: Int) { table.log_f32(out, x, count) }
  func sigmoid(_ out: FloatDestination, _ x: FloatSource, _ count: Int) { table.sigmoid_f32(out, x, count) }
  func tanh(_ out: FloatDestination, _ x: FloatSource, _ count: Int) { table.tanh_f32(out, x, count) }

  func sum(_ x: FloatSource, _ count: Int) -> Double { table.sum_f32(x, count) }
  func dot(_ a: FloatSource, _ b: FloatSource, _ count: Int) -> Double { table.dot_f32(a, b, count) }

  func siluMultiply(_ out: FloatDestination, gate: FloatSource, up: FloatSource, _ count: Int) {
    table.silu_multiply_f32(out, gate, up, count)
  }

  func siluMultiplyBackward(
    dGate: FloatDestination, dUp: FloatDestination, dOut: FloatSource, gate: FloatSource, up: FloatSource, _ count: Int
  ) {
    table.silu_multiply_backward_f32(dGate, dUp, dOut, gate, up, count)
  }

  func adamW(
    _ parameter: FloatDestination, mean: FloatDestination, square: FloatDestination, gradient: FloatSource, count: Int,
    _ step: AdamWStep
  ) {
    table.adamw_f32(
      parameter, mean, square, gradient, count, Float(step.gradientScale), Float(step.learningRate), Float(step.beta1),
      Float(step.beta2), Float(step.epsilon), Float(step.weightDecay), Float(step.corrections.0),
      Float(step.corrections.1))
  }
}
