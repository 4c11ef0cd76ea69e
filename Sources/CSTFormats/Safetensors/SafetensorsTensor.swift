package struct SafetensorsTensor: StoredTensor {
  /// The element types of the format. Only those with a ``format`` can be computed with.
  package enum ElementType: String, Sendable, Hashable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case float8E5M2 = "F8_E5M2"
    case float8E4M3 = "F8_E4M3"
    case float8E8M0 = "F8_E8M0"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case complex64 = "C64"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

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

  package let name: String
  /// The dimensions in row-major order, the fastest last; empty for a scalar. A dimension may be zero.
  package let shape: [Int]
  package let elementType: ElementType
  package let byteRange: Range<Int>

  package var weightFormat: WeightFormat? { elementType.format }
  package var typeName: String { elementType.rawValue }
  package var elementCount: Int { byteRange.count / elementType.byteWidth }
}
