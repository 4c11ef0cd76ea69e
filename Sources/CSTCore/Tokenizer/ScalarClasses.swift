/// What a pre-tokenizer needs to know about a Unicode scalar.
enum ScalarClass: UInt8 {
  /// `\p{L}`.
  case letter
  /// `\p{N}`: decimal digits, letter numbers such as Ⅷ, other numbers such as ² and ½.
  case number
  /// `\s`, the property White_Space: NO-BREAK SPACE, NEXT LINE and IDEOGRAPHIC SPACE are in it, ZERO WIDTH SPACE is not.
  case whitespace
  /// Everything else.
  case other
}

/// The class of every Unicode scalar, from a table for the first 65,536.
///
/// The reference tokenizer's regular expressions know the letters of Unicode 16 and the numbers of Unicode 17, so later
/// ones are `other` here even where the Swift runtime knows them: ids must not depend on the runtime's age.
struct ScalarClasses: Sendable {
  private let table: [ScalarClass]

  init() {
    table = (0..<UInt32(0x10000)).map { value in Unicode.Scalar(value).map(Self.classify) ?? .other }
  }

  /// Calls `body` with the table's first 65,536 classes.
  func withTable<Result>(_ body: (UnsafeBufferPointer<ScalarClass>) -> Result) -> Result {
    table.withUnsafeBufferPointer(body)
  }

  /// The class of a scalar from the Unicode properties.
  static func classify(_ scalar: Unicode.Scalar) -> ScalarClass {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return (properties.age?.major ?? 0) <= 16 ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      return (properties.age?.major ?? 0) <= 17 ? .number : .other
    default:
      return properties.isWhitespace ? .whitespace : .other
    }
  }
}
