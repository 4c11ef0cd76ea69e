import CKernels
import TestSupport
import Testing

/// A shape of attention at which some loop ends in another way.
struct AttentionCase: Hashable, CustomTestStringConvertible {
  var rows: Int
  var prefix: Int
  var group: Int
  var headWidth: Int
  /// Size of q: large values make the softmax nearly one-hot.
  var sharpness: Float = 1
  /// Most keys a query sees; 0 for all.
  var window = 0

  var testDescription: String {
    "rows \(rows), prefix \(prefix), group \(group), head width \(headWidth) * \(sharpness), window \(window)"
  }
  var keys: Int { prefix + rows }
  var queryWidth: Int { group * headWidth }
  var scale: Float { 1 / Float(headWidth).squareRoot() }
  var shape: CKAttentionShape {
    CKAttentionShape(
      rows: rows, prefix_rows: prefix, group: group, head_width: headWidth, scale: scale, window: window)
  }

  /// Panels hold 64 keys and tiles 24 queries: shapes below, at and above those, with heads that are whole vectors or
  /// not. Windows below, at and above tiles, panels and what there is to see.
  static let all = [
    AttentionCase(rows: 1, prefix: 0, group: 1, headWidth: 1),
    AttentionCase(rows: 7, prefix: 0, group: 1, headWidth: 10),
    AttentionCase(rows: 8, prefix: 3, group: 3, headWidth: 64),
    AttentionCase(rows: 9, prefix: 60, group: 3, headWidth: 16, sharpness: 20),
    AttentionCase(rows: 1, prefix: 64, group: 3, headWidth: 64),
    AttentionCase(rows: 1, prefix: 150, group: 3, headWidth: 32),
    AttentionCase(rows: 33, prefix: 31, group: 5, headWidth: 19, sharpness: 4),
    AttentionCase(rows: 70, prefix: 0, group: 2, headWidth: 8),
    AttentionCase(rows: 25, prefix: 129, group: 1, headWidth: 65),
    AttentionCase(rows: 40, prefix: 0, group: 1, headWidth: 8, window: 1),
    AttentionCase(rows: 70, prefix: 20, group: 3, headWidth: 16, window: 5),
    AttentionCase(rows: 33, prefix: 150, group: 2, headWidth: 19, sharpness: 4, window: 64),
    AttentionCase(rows: 1, prefix: 200, group: 3, headWidth: 64, window: 70),
    AttentionCase(rows: 90, prefix: 100, group: 1, headWidth: 33, window: 130),
    AttentionCase(rows: 12, prefix: 5, group: 2, headWidth: 16, window: 17),
  ]
}

/// The operands of one attention call.
struct AttentionOperands {
  let shape: AttentionCase
  let q: Operand
  let prefixK: Operand
  let prefixV: Operand
  let ownK: Operand
  let ownV: Operand
  let dout: Operand

  init(_ shape: AttentionCase, seed: UInt64 = 1) {
    self.shape = shape
    var generator = SplitMix64(seed: seed)
    let (rows, prefix, width) = (shape.rows, shape.prefix, shape.headWidth)
    let sharpness = shape.sharpness
    q = Operand(generator.floats(rows * shape.queryWidth, in: -sharpness...sharpness), rows: rows, padding: 3)
    prefixK = Operand(generator.floats(prefix * width), rows: prefix, padding: 1)
    prefixV = Operand(generator.floats(prefix * width), rows: prefix, padding: 1)
    ownK = Operand(generator.floats(rows * width), rows: rows, padding: 2)
    ownV = Operand(generator.floats(rows * width), rows: rows, padding: 2)
    dout = Operand(generator.floats(rows * shape.queryWidth), rows: rows, padding: 5)
  }

  var oracle: AttentionOracle {
    AttentionOracle(
      rows: shape.rows, prefixRows: shape.prefix, group: shape.group, headWidth: shape.headWidth,
      scale: Double(shape.scale), window: shape.window, q: q.values.doubles, k: (prefixK.values + ownK.values).doubles,
      v: (prefixV.values + ownV.values).doubles)
  }

  var isIntact: Bool { [q, prefixK, prefixV, ownK, ownV, dout].allSatisfy { $0.isIntact } }

  /// The strides both pieces have even when they are empty.
  private var prefixStride: Int { shape.headWidth + 1 }
  private var ownStride: Int { shape.headWidth + 2 }

  struct Output {
    let out: Operand
    let logSum: Operand
    let isIntact: Bool
  }

  /// The first `rows` rows (nil: all). Scratch has exactly the size asked for and starts as NaN.
  func forward(_ kernels: CKKernels, rows: Int? = nil) -> Output {
    var shape = shape
    shape.rows = rows ?? shape.rows
    let out = Operand(rows: shape.rows, width: shape.queryWidth, padding: 1)
    let logSum = Operand(rows: shape.rows, width: shape.group, padding: 2)
    var cShape = shape.shape
    let scratch = Operand(width: kernels.attention_scratch_f32(&cShape))
    kernels.attention_f32(
      out.pointer, out.stride, logSum.pointer, logSum.stride, q.pointer, q.stride, prefixK.pointer, prefixV.pointer,
      prefixStride, ownK.pointer, ownV.pointer, ownStride, &cShape, scratch.pointer)
    return Output(out: out, logSum: logSum, isIntact: out.isIntact && logSum.isIntact && scratch.isIntact)
  }

  struct Gradients {
    let q: Operand
    let prefixK: Operand
    let prefixV: Operand
    let ownK: Operand
    let ownV: Operand
    let isIntact: Bool

    var k: [Float] { prefixK.values + ownK.values }
    var v: [Float] { prefixV.values + ownV.values }
  }

  /// Key and value gradients start as `initial`.
  func backward(
    _ kernels: CKKernels, out: [Float], logSum: [Float], rows: Int? = nil, initial: Float = 0
  ) -> Gradients {
    var shape = shape
    shape.rows = rows ?? shape.rows
    let width = shape.headWidth
    let out = Operand(Array(out[..<(shape.rows * shape.queryWidth)]), rows: shape.rows, padding: 1)
    let logSum = Operand(Array(logSum[..<(shape.rows * shape.group)]), rows: shape.rows, padding: 2)
    let dq = Operand(rows: shape.rows, width: shape.queryWidth, padding: 2)
    let dprefixK = Operand(rows: shape.prefix, width: width, padding: 3, fill: initial)
    let dprefixV = Operand(rows: shape.prefix, width: width, padding: 3, fill: initial)
    let downK = Operand(rows: shape.rows, width: width, padding: 4, fill: initial)
    let downV = Operand(rows: shape.rows, width: width, padding: 4, fill: initial)
    var cShape = shape.shape
    let scratch = Operand(width: kernels.attention_backward_scratch_f32(&cShape))
    kernels.attention_backward_f32(
      dq.pointer, dq.stride, dprefixK.pointer, dprefixV.pointer, width + 3, downK.pointer, downV.pointer, width + 4,
      dout.pointer, dout.stride, out.pointer, out.stride, logSum.pointer, logSum.stride, q.pointer, q.stride,
      prefixK.pointer, prefixV.pointer, prefixStride, ownK.pointer, ownV.pointer, ownStride, &cShape, scratch.pointer)
    let operands = [out, logSum, dq, dprefixK, dprefixV, downK, downV, scratch]
    return Gradients(
      q: dq, prefixK: dprefixK, prefixV: dprefixV, ownK: downK, ownV: downV,
      isIntact: operands.allSatisfy { $0.isIntact })
  }
}
