/// A metadata array of a GGUF file, kept in the element type the file has: no boxing, and written back unchanged.
///
/// To read one whatever its width, use ``integers`` or ``floats``.
package enum GGUFArray: Sendable, Hashable {
  /// Unsigned 8-bit integers.
  case uint8([UInt8])
  /// Signed 8-bit integers.
  case int8([Int8])
  /// Unsigned 16-bit integers.
  case uint16([UInt16])
  /// Signed 16-bit integers.
  case int16([Int16])
  /// Unsigned 32-bit integers.
  case uint32([UInt32])
  /// Signed 32-bit integers.
  case int32([Int32])
  /// Unsigned 64-bit integers.
  case uint64([UInt64])
  /// Signed 64-bit integers.
  case int64([Int64])
  /// Single-precision numbers.
  case float32([Float])
  /// Double-precision numbers.
  case float64([Double])
  /// Truth values.
  case bool([Bool])
  /// Texts.
  case string([String])
  /// Arrays, which may differ in type.
  case array([GGUFArray])

  /// The number of elements.
  package var count: Int {
    switch self {
    case .uint8(let values): values.count
    case .int8(let values): values.count
    case .uint16(let values): values.count
    case .int16(let values): values.count
    case .uint32(let values): values.count
    case .int32(let values): values.count
    case .uint64(let values): values.count
    case .int64(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .bool(let values): values.count
    case .string(let values): values.count
    case .array(let values): values.count
    }
  }

  /// The elements as `Int`, or nil where they are not integers or one does not fit.
  package var integers: [Int]? {
    switch self {
    case .uint8(let values): values.map { Int($0) }
    case .int8(let values): values.map { Int($0) }
    case .uint16(let values): values.map { Int($0) }
    case .int16(let values): values.map { Int($0) }
    case .uint32(let values): values.map { Int($0) }
    case .int32(let values): values.map { Int($0) }
    case .uint64(let values): values.contains { $0 > UInt64(Int.max) } ? nil : values.map { Int($0) }
    case .int64(let values): values.map { Int($0) }
    default: nil
    }
  }

  /// The elements as `Float`, rounded where the file has doubles; nil where they are not floating point.
  package var floats: [Float]? {
    switch self {
    case .float32(let values): values
    case .float64(let values): values.map { Float($0) }
    default: nil
    }
  }

  /// The elements as `String`, or nil where they are not texts.
  package var strings: [String]? {
    if case .string(let values) = self { values } else { nil }
  }

  /// The elements as `Bool`, or nil where they are not truth values.
  package var booleans: [Bool]? {
    if case .bool(let values) = self { values } else { nil }
  }

  /// The elements' type in the file.
  package var elementType: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }
}
