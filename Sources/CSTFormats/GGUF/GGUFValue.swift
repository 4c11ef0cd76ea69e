/// One metadata value of a GGUF file, in the type the file has.
///
/// Producers disagree about widths (a context length is a `uint32` here, a `uint64` there), so read values through
/// ``integer``, ``float``, ``string`` and their like, or through the throwing accessors of ``GGUFMetadata``; the exact
/// type matters when a file is written again.
package enum GGUFValue: Sendable, Hashable {
  /// An unsigned 8-bit integer.
  case uint8(UInt8)
  /// A signed 8-bit integer.
  case int8(Int8)
  /// An unsigned 16-bit integer.
  case uint16(UInt16)
  /// A signed 16-bit integer.
  case int16(Int16)
  /// An unsigned 32-bit integer.
  case uint32(UInt32)
  /// A signed 32-bit integer.
  case int32(Int32)
  /// An unsigned 64-bit integer.
  case uint64(UInt64)
  /// A signed 64-bit integer.
  case int64(Int64)
  /// A single-precision number.
  case float32(Float)
  /// A double-precision number.
  case float64(Double)
  /// A truth value.
  case bool(Bool)
  /// A text.
  case string(String)
  /// Values of one type.
  case array(GGUFArray)

  /// The value as `Int`, or nil where it is not an integer or does not fit.
  package var integer: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// The value as `Float`, rounded where the file has a double; nil where it is not floating point.
  package var float: Float? {
    switch self {
    case .float32(let value): value
    case .float64(let value): Float(value)
    default: nil
    }
  }

  /// The value as `Bool`, or nil where it is not a truth value.
  package var boolean: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The value as `String`, or nil where it is not a text.
  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The value as an array, or nil where it is a single value.
  package var array: GGUFArray? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The value's type in the file.
  package var type: GGUFValueType {
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

extension GGUFValue: CustomStringConvertible {
  /// Type and value, arrays by their count: `uint32 30`, `array of 49152 string`.
  package var description: String {
    switch self {
    case .uint8(let value): "uint8 \(value)"
    case .int8(let value): "int8 \(value)"
    case .uint16(let value): "uint16 \(value)"
    case .int16(let value): "int16 \(value)"
    case .uint32(let value): "uint32 \(value)"
    case .int32(let value): "int32 \(value)"
    case .uint64(let value): "uint64 \(value)"
    case .int64(let value): "int64 \(value)"
    case .float32(let value): "float32 \(value)"
    case .float64(let value): "float64 \(value)"
    case .bool(let value): "bool \(value)"
    case .string(let value): "string '\(value)'"
    case .array(let values): "array of \(values.count) \(values.elementType)"
    }
  }
}

/// The type numbers of metadata values in a GGUF file.
package enum GGUFValueType: UInt32, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case uint16 = 2
  case int16 = 3
  case uint32 = 4
  case int32 = 5
  case float32 = 6
  case bool = 7
  case string = 8
  case array = 9
  case uint64 = 10
  case int64 = 11
  case float64 = 12

  /// The fewest bytes one value takes in a file, which bounds how many there can be.
  package var minimumSize: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64, .string: 8
    case .array: 12
    }
  }
}
