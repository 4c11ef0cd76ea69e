/// One metadata value of a GGUF file, in the type the file has.
///
/// Producers disagree about widths (a context length is a `uint32` here, a `uint64` there), so read values through
/// ``integer``, ``float``, ``string`` and their like, or through the throwing accessors of ``GGUFMetadata``; the exact
/// type matters when a file is written again.
package enum GGUFValue: Sendable, Hashable {
  /// A single value, kept as an array of it alone.
  case single(GGUFArray)
  /// Values of one type.
  case array(GGUFArray)

  package static func uint8(_ value: UInt8) -> Self { .single(.uint8([value])) }
  package static func int8(_ value: Int8) -> Self { .single(.int8([value])) }
  package static func uint16(_ value: UInt16) -> Self { .single(.uint16([value])) }
  package static func int16(_ value: Int16) -> Self { .single(.int16([value])) }
  package static func uint32(_ value: UInt32) -> Self { .single(.uint32([value])) }
  package static func int32(_ value: Int32) -> Self { .single(.int32([value])) }
  package static func uint64(_ value: UInt64) -> Self { .single(.uint64([value])) }
  package static func int64(_ value: Int64) -> Self { .single(.int64([value])) }
  package static func float32(_ value: Float) -> Self { .single(.float32([value])) }
  package static func float64(_ value: Double) -> Self { .single(.float64([value])) }
  package static func bool(_ value: Bool) -> Self { .single(.bool([value])) }
  package static func string(_ value: String) -> Self { .single(.string([value])) }

  private var single: GGUFArray? { if case .single(let value) = self { value } else { nil } }

  /// The value as `Int`, or nil where it is not an integer or does not fit.
  package var integer: Int? { single?.integers?.first }

  /// The value as `Float`, rounded where the file has a double; nil where it is not floating point.
  package var float: Float? { single?.floats?.first }

  package var boolean: Bool? { single?.booleans?.first }

  package var string: String? { single?.strings?.first }

  package var array: GGUFArray? { if case .array(let value) = self { value } else { nil } }

  package var type: GGUFValueType { single?.elementType ?? .array }
}

extension GGUFValue: CustomStringConvertible {
  /// Type and value, arrays by their count: `uint32 30`, `array of 49152 string`.
  package var description: String {
    switch self {
    case .single(let value): value.spelledFirst
    case .array(let values): "array of \(values.count) \(values.elementType)"
    }
  }
}

/// The type numbers of metadata values in a GGUF file.
package enum GGUFValueType: UInt32, CaseIterable, Sendable {
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

  /// The fewest bytes one value takes in a file, which bounds how many there can be; of a number all that it takes.
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
