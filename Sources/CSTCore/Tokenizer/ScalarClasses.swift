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
/// The reference tokenizer knows the letters of Unicode 16, so later ones are `other` here even where the Swift runtime
/// knows them: ids must not depend on the runtime's age. The same holds for numbers, of a version the pre-tokenizer sets.
struct ScalarClasses: Sendable {
  private static let letterVersion = 16

  private let numberVersion: Int
  private let table: [ScalarClass]

  /// Classes with the numbers of the given major version of Unicode.
  init(numberVersion: Int) {
    self.numberVersion = numberVersion
    table = (0..<UInt32(0x10000)).map { value in
      Unicode.Scalar(value).map { Self.classify($0, numberVersion: numberVersion) } ?? .other
    }
  }

  /// A pointer into the table, valid inside ``withView(_:)`` only: look-ups without reference counting.
  struct View {
    fileprivate let table: UnsafeBufferPointer<ScalarClass>
    fileprivate let numberVersion: Int

    /// The class of the scalar with this value; `other` for a surrogate.
    @inline(__always)
    subscript(value: UInt32) -> ScalarClass {
      if value < 0x10000 { return table[Int(value)] }
      return Unicode.Scalar(value).map { ScalarClasses.classify($0, numberVersion: numberVersion) } ?? .other
    }
  }

  /// Calls `body` with a view of the classes.
  func withView<Result>(_ body: (View) -> Result) -> Result {
    table.withUnsafeBufferPointer { body(View(table: $0, numberVersion: numberVersion)) }
  }

  /// The class of a scalar from the Unicode properties.
  private static func classify(_ scalar: Unicode.Scalar, numberVersion: Int) -> ScalarClass {
    let properties = scalar.properties
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
      return (properties.age?.major ?? 0) <= letterVersion ? .letter : .other
    case .decimalNumber, .letterNumber, .otherNumber:
      return (properties.age?.major ?? 0) <= numberVersion ? .number : .other
    default:
      return properties.isWhitespace ? .whitespace : .other
    }
  }
}
