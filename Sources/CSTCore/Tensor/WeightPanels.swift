import Foundation

/// What becomes of the panels that products with frozen weights read: a matter of time and memory, never of a bit of a
/// result.
public enum WeightPanels: String, Sendable, Hashable, Codable, CaseIterable {
  /// Packed once for each direction and kept beside the stored weights: the faster way, 4 bytes a weight and direction
  /// in ``Precision/f32``, 2 in ``Precision/bf16``.
  case kept
  /// Unpacked from the stored weights, a few megabytes at a time, in every product.
  case streamed

  /// The choice by size: kept where that many bytes are at most a quarter of the machine's memory.
  public static func chosen(
    panelBytes: Int, physicalMemory: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) -> WeightPanels {
    KeptMemory.holds(panelBytes, of: physicalMemory) ? .kept : .streamed
  }
}

/// What may be kept in memory to save time, where nobody says otherwise.
enum KeptMemory {
  /// The share of the machine's memory that one such thing may take.
  private static let share = 0.25

  static func holds(_ bytes: Int, of physicalMemory: UInt64) -> Bool {
    Double(bytes) <= share * Double(physicalMemory)
  }
}
