import CKernels
import CSTCore

/// Memory for a kernel's operand, aligned to 64 bytes.
///
/// `@unchecked Sendable`: threads write parts that do not overlap.
final class Memory<Element: BitwiseCopyable>: @unchecked Sendable {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int, _ element: (Int) -> Element) {
    self.count = count
    start = UnsafeMutableRawPointer.allocate(byteCount: max(64, count * MemoryLayout<Element>.stride), alignment: 64)
      .bindMemory(to: Element.self, capacity: count)
    for index in 0..<count { start[index] = element(index) }
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  subscript(index: Int) -> Element { start[index] }
}

typealias Floats = Memory<Float>

extension Memory where Element == Float {
  /// Ones.
  convenience init(count: Int) { self.init(count: count) { _ in 1 } }

  /// Multiples of 1/128 in `range`, spread without order, the same in every run; exact in bf16 from -1 to 1.
  convenience init(count: Int, in range: ClosedRange<Float>, seed: UInt64) {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    let steps = UInt64((range.upperBound - range.lowerBound) * 128) + 1
    self.init(count: count) { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return range.lowerBound + Float((state >> 33) % steps) / 128
    }
  }
}

/// The chosen kernels (`CST_KERNELS`, else the best that run here).
func kernelTable() throws -> CKKernels {
  let variant = (0..<UInt32(CKVariantCount)).compactMap(CKVariant.init(rawValue:))
    .first { String(cString: ck_variant_name($0)) == Kernels.current.name }
  guard let table = variant.flatMap({ ck_kernels_for($0) }) else {
    throw MeasureError("no kernels of the name \(Kernels.current.name)")
  }
  return table.pointee
}

/// Some indices below `count`: both ends and others spread between them.
func sampled(_ count: Int, _ samples: Int = 24) -> [Int] {
  count <= samples ? Array(0..<count) : (0..<samples).map { $0 * (count - 1) / (samples - 1) }
}

/// Throws where `found` is farther from `expected` than `tolerance`.
func compare(_ found: Float, _ expected: Double, within tolerance: Double, _ what: @autoclosure () -> String) throws {
  guard abs(Double(found) - expected) <= tolerance else {
    throw MeasureError("\(what()): \(found), expected \(expected) within \(tolerance)")
  }
}
