import Foundation

/// What of a decoder layer the backward pass finds kept: a matter of time and memory, never of a bit of a result.
@nonexhaustive
public enum LayerActivations: String, Sendable, Hashable, Codable, CaseIterable {
  /// The inputs of its matrix products and of attention: the faster way.
  case kept
  /// The layer's input only; the backward pass computes the layer again, one layer at a time. A third more work.
  case recomputed

  /// The choice by size: kept where that many bytes are at most a quarter of the machine's memory.
  public static func chosen(
    activationBytes: Int, physicalMemory: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) -> LayerActivations {
    KeptMemory.holds(activationBytes, of: physicalMemory) ? .kept : .recomputed
  }
}
