import Foundation

/// What becomes of the panels that products with frozen weights read: a matter of time and memory, never of a bit of a
/// result.
public enum WeightPanels: String, Sendable, Hashable, Codable, CaseIterable {
  /// Packed once for each direction and kept beside the stored weights: the faster way, 4 bytes a weight and direction
  /// in ``Precision/f32``, 2 in ``Precision/bf16``.
  case kept
  /// Unpacked from the stored weights, a few megabytes at a time, in every product.
  case streamed

  /// The share of the machine's memory that panels are kept in where nobody says otherwise.
  static let keptShare = 0.25

  /// The choice by size: kept where that many bytes are at most a quarter of the machine's memory.
  public static func chosen(
    panelBytes: Int, physicalMemory: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) -> WeightPanels {
    Double(panelBytes) <= keptShare * Double(physicalMemory) ? .kept : .streamed
  }
}
