/// A metadata array of a GGUF file, kept in the element type the file has: no boxing, and written back unchanged.
///
/// To read one whatever its width, use ``integers`` or ``floats``.
package struct GGUFArray: Sendable, Hashable {
  package let elementType: GGUFValueType
  package let count: Int
  /// Numbers and truth values as the file has them: little-endian, one after the other.
  let bytes: [UInt8]
  /// The elements as `String`, or nil where they are not texts.
  package let strings: [String]?
  /// The elements where they are arrays, which may differ in type.
  let arrays: [GGUFArray]

  init(
    _ elementType: GGUFValueType, count: Int, bytes: [UInt8] = [], strings: [String]? = nil, arrays: [GGUFArray] = []
  ) {
    self.elementType = elementType
    self.count = count
    self.bytes = bytes
    self.strings = strings
    self.arrays = arrays
  }

  private init(_ elementType: GGUFValueType, _ numbers: [some FixedWidthInteger]) {
    self.init(elementType, count: numbers.count, bytes: numbers.map(\.littleEndian).withUnsafeBytes { Array($0) })
  }

  package static func uint8(_ values: [UInt8]) -> Self { Self(.uint8, values) }
  package static func int8(_ values: [Int8]) -> Self { Self(.int8, values) }
  package static func uint16(_ values: [UInt16]) -> Self { Self(.uint16, values) }
  package static func int16(_ values: [Int16]) -> Self { Self(.int16, values) }
  package static func uint32(_ values: [UInt32]) -> Self { Self(.uint32, values) }
  package static func int32(_ values: [Int32]) -> Self { Self(.int32, values) }
  package static func uint64(_ values: [UInt64]) -> Self { Self(.uint64, values) }
  package static func int64(_ values: [Int64]) -> Self { Self(.int64, values) }
  package static func float32(_ values: [Float]) -> Self { Self(.float32, values.map(\.bitPattern)) }
  package static func float64(_ values: [Double]) -> Self { Self(.float64, values.map(\.bitPattern)) }
  package static func bool(_ values: [Bool]) -> Self { Self(.bool, values.map { $0 ? 1 : 0 as UInt8 }) }
  package static func string(_ values: [String]) -> Self { Self(.string, count: values.count, strings: values) }
  package static func array(_ values: [GGUFArray]) -> Self { Self(.array, count: values.count, arrays: values) }

  private func numbers<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) -> [Number] {
    bytes.withUnsafeBytes { bytes in
      (0..<count).map {
        Number(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self))
      }
    }
  }

  /// The elements as `Int`, or nil where they are not integers or one does not fit.
  package var integers: [Int]? {
    switch elementType {
    case .uint8: numbers(UInt8.self).map { Int($0) }
    case .int8: numbers(Int8.self).map { Int($0) }
    case .uint16: numbers(UInt16.self).map { Int($0) }
    case .int16: numbers(Int16.self).map { Int($0) }
    case .uint32: numbers(UInt32.self).map { Int($0) }
    case .int32: numbers(Int32.self).map { Int($0) }
    case .uint64: unsigned.contains { $0 > UInt64(Int.max) } ? nil : unsigned.map { Int($0) }
    case .int64: numbers(Int64.self).map { Int($0) }
    default: nil
    }
  }

  private var unsigned: [UInt64] { numbers(UInt64.self) }
  private var doubles: [Double] { unsigned.map { Double(bitPattern: $0) } }

  /// The elements as `Float`, rounded where the file has doubles; nil where they are not floating point.
  package var floats: [Float]? {
    switch elementType {
    case .float32: numbers(UInt32.self).map { Float(bitPattern: $0) }
    case .float64: doubles.map { Float($0) }
    default: nil
    }
  }

  /// The elements as `Bool`, or nil where they are not truth values.
  package var booleans: [Bool]? { elementType == .bool ? bytes.map { $0 == 1 } : nil }

  /// The first element's type and value: `uint32 30`.
  var spelledFirst: String {
    let value: Any? =
      switch elementType {
      case .uint64: unsigned.first
      case .float64: doubles.first
      case .float32: floats?.first
      case .bool: booleans?.first
      case .string: strings?.first.map { "'\($0)'" }
      default: integers?.first
      }
    return "\(elementType) \(value ?? "")"
  }
}
