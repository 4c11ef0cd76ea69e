import Foundation

extension WeightMatrix {
  /// A part of a product's right-hand side: some outputs (the first one that of a panel) by some summands.
  struct PanelBlock {
    let direction: Direction
    let precision: Precision
    let outputs: Range<Int>
    let summands: Range<Int>

    /// Outputs in a panel.
    var width: Int { Self.width(precision) }
    /// Elements of one panel.
    var panelLength: Int { width * (precision == .f32 ? summands.count : (summands.count + 1) / 2 * 2) }
    var panelCount: Int { (outputs.count + width - 1) / width }
    var byteCount: Int { panelCount * panelLength * Self.elementSize(precision) }

    static func width(_ precision: Precision) -> Int {
      precision == .f32 ? Kernels.current.panelWidthF32 : Kernels.current.panelWidthBF16
    }

    static func elementSize(_ precision: Precision) -> Int {
      precision == .f32 ? MemoryLayout<Float>.size : MemoryLayout<UInt16>.size
    }
  }

  /// Columns that are dequantised at a time on the way into a forward panel, so that they are packed from the
  /// first-level cache: an even number of whole blocks of every format.
  private static let columnsAtATime = 256
  /// Rows that are dequantised at a time on the way into backward panels; even, because bf16 is packed in pairs.
  private static let rowsAtATime = 32

  /// Writes the panels of a block, all threads together. Its columns must be whole blocks of the format.
  func unpack(_ block: PanelBlock, into packed: UnsafeMutableRawPointer) {
    switch block.direction {
    case .forward:
      ComputePool.shared.forEachItem(count: block.panelCount) { unpackForward(block, panel: $0, into: packed) }
    case .backward:
      let count = (block.summands.count + Self.rowsAtATime - 1) / Self.rowsAtATime
      ComputePool.shared.forEachItem(count: count) { unpackBackward(block, rows: $0, into: packed) }
    }
  }

  /// One panel: its outputs are rows, its summands columns.
  private func unpackForward(_ block: PanelBlock, panel: Int, into packed: UnsafeMutableRawPointer) {
    let (width, elementSize) = (block.width, PanelBlock.elementSize(block.precision))
    let firstRow = block.outputs.lowerBound + panel * width
    let rows = firstRow..<min(firstRow + width, block.outputs.upperBound)
    withScratch(Float.self, count: width * Self.columnsAtATime) { values in
      for first in stride(from: block.summands.lowerBound, to: block.summands.upperBound, by: Self.columnsAtATime) {
        let columns = first..<min(first + Self.columnsAtATime, block.summands.upperBound)
        dequantize(rows, columns: columns, into: values)
        let offset = panel * block.panelLength + (first - block.summands.lowerBound) * width
        let out = packed + offset * elementSize
        switch block.precision {
        case .f32:
          Kernels.current.packTransposed(
            out.assumingMemoryBound(to: Float.self), values, stride: columns.count, n: rows.count, k: columns.count)
        case .bf16:
          Kernels.current.packTransposedBF16(
            out.assumingMemoryBound(to: UInt16.self), values, stride: columns.count, n: rows.count, k: columns.count)
        }
      }
    }
  }

  /// Some summands of all panels: outputs are columns, summands rows.
  private func unpackBackward(_ block: PanelBlock, rows index: Int, into packed: UnsafeMutableRawPointer) {
    let (width, elementSize) = (block.width, PanelBlock.elementSize(block.precision))
    let first = block.summands.lowerBound + index * Self.rowsAtATime
    let rows = first..<min(first + Self.rowsAtATime, block.summands.upperBound)
    let columns = block.outputs.count
    withScratch(Float.self, count: rows.count * columns) { values in
      dequantize(rows, columns: block.outputs, into: values)
      for panel in 0..<block.panelCount {
        let offset = panel * block.panelLength + index * Self.rowsAtATime * width
        let (out, source) = (packed + offset * elementSize, values + panel * width)
        let panelColumns = min(width, columns - panel * width)
        switch block.precision {
        case .f32:
          Kernels.current.pack(
            out.assumingMemoryBound(to: Float.self), source, stride: columns, k: rows.count, n: panelColumns)
        case .bf16:
          Kernels.current.packBF16(
            out.assumingMemoryBound(to: UInt16.self), source, stride: columns, k: rows.count, n: panelColumns)
        }
      }
    }
  }
}

/// What becomes of the panels that products with frozen weights read: a matter of time and memory, never of a bit of a
/// result.
public enum WeightPanels: String, Sendable, Hashable, Codable, CaseIterable {
  /// Packed once for each direction and kept beside the stored weights: the faster way, 4 bytes a weight and direction
  /// in ``Precision/f32``, 2 in ``Precision/bf16``.
  case kept
  /// Unpacked from the stored weights, a few megabytes at a time, in every product.
  case streamed

  /// The choice by size: kept where that many bytes are at most a quarter of the machine's memory.
  package static func chosen(
    panelBytes: Int, physicalMemory: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) -> WeightPanels {
    KeptMemory.holds(panelBytes, of: physicalMemory) ? .kept : .streamed
  }
}

/// What may be kept in memory to save time, where nobody says otherwise.
enum KeptMemory {
  /// The share of the machine's memory that one such thing may take.
  private static let share = 0.25

  static func holds(_ bytes: Int, of physicalMemory: UInt64) -> Bool { Double(bytes) <= share * Double(physicalMemory) }
}
