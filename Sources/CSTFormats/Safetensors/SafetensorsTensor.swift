/// Where one tensor of a safetensors file is, and how it is stored.
package struct SafetensorsTensor: Sendable, Hashable {
  /// The element types of the format. Only those with a ``format`` can be computed with.
  package enum ElementType: String, Sendable, Hashable, CaseIterable {
    /// Truth values, a byte each.
    case bool = "BOOL"
    /// Unsigned 8-bit integers.
    case uint8 = "U8"
    /// Signed 8-bit integers.
    case int8 = "I8"
    /// 8-bit floats with 5 bits of exponent.
    case float8E5M2 = "F8_E5M2"
    /// 8-bit floats with 4 bits of exponent.
    case float8E4M3 = "F8_E4M3"
    /// 8-bit powers of two.
    case float8E8M0 = "F8_E8M0"
    /// Signed 16-bit integers.
    case int16 = "I16"
    /// Unsigned 16-bit integers.
    case uint16 = "U16"
    /// IEEE 754 binary16.
    case float16 = "F16"
    /// bfloat16.
    case bfloat16 = "BF16"
    /// Signed 32-bit integers.
    case int32 = "I32"
    /// Unsigned 32-bit integers.
    case uint32 = "U32"
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// Pairs of binary32.
    case complex64 = "C64"
    /// IEEE 754 binary64.
    case float64 = "F64"
    /// Signed 64-bit integers.
    case int64 = "I64"
    /// Unsigned 64-bit integers.
    case uint64 = "U64"

    /// Bytes an element takes.
    package var byteWidth: Int {
      switch self {
      case .bool, .uint8, .int8, .float8E5M2, .float8E4M3, .float8E8M0: 1
      case .int16, .uint16, .float16, .bfloat16: 2
      case .int32, .uint32, .float32: 4
      case .complex64, .float64, .int64, .uint64: 8
      }
    }

    /// The weight format of this type, or nil where this project cannot compute with it.
    package var format: WeightFormat? {
      switch self {
      case .float32: .f32
      case .float16: .f16
      case .bfloat16: .bf16
      default: nil
      }
    }

    /// The type that stores `format`, or nil for quantised formats, which safetensors does not have.
    package init?(_ format: WeightFormat) {
      switch format {
      case .f32: self = .float32
      case .f16: self = .float16
      case .bf16: self = .bfloat16
      default: return nil
      }
    }
  }

  /// The tensor's name.
  package let name: String
  /// The dimensions in row-major order, the fastest last; empty for a scalar. A dimension may be zero.
  package let shape: [Int]
  /// How the elements are stored.
  package let elementType: ElementType
  /// The tensor's bytes, counted from the start of the file.
  package let byteRange: Range<Int>

  /// The number of elements.
  package var elementCount: Int { byteRange.count / elementType.byteWidth }
}
