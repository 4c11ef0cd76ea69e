// What kernels read and write. All pointers, sizes and aliasing rules are those of the contracts in `ckernels.h`.

/// Whether a kernel overwrites its destination, which it then never reads, or adds to it.
enum StoreMode { case store, add }

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

/// Direction of a rotary position embedding: forward, or by the negative angle as the backward pass needs.
enum RotationDirection { case forward, backward }

/// One KV head of one segment, for the attention kernels.
struct AttentionHeadShape {
  var rows: Int
  var prefixRows: Int
  var group: Int
  var headWidth: Int
  var scale: Float
  /// Most keys a query sees; all where `nil`.
  var window: Int?
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

/// The numbers of one AdamW step that all parameters share.
struct AdamWStep {
  let gradientScale: Double
  let learningRate: Double
  let beta1: Double
  let beta2: Double
  let epsilon: Double
  let weightDecay: Double
  /// 1 − βᵢ to the power of the step's number.
  let corrections: (Double, Double)
}
