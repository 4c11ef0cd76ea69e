/// What pre-tokenizers need to know about a Unicode scalar.
///
/// The reference's regular expressions know Unicode 16, so what later versions added has none of their classes here even
/// where the Swift runtime knows it: ids must not depend on the runtime's age. Components that the reference implements
/// with other tables have classes of their own.
struct ScalarClass: OptionSet, Hashable, Sendable {
  let rawValue: UInt32

  /// `[\p{Lu}\p{Lt}]`.
  static let upper = ScalarClass(rawValue: 1 << 0)
  /// `\p{Ll}`.
  static let lower = ScalarClass(rawValue: 1 << 1)
  /// `[\p{Lm}\p{Lo}]`.
  static let caseless = ScalarClass(rawValue: 1 << 2)
  /// `\p{L}`.
  static let letter: ScalarClass = [.upper, .lower, .caseless]
  /// `\p{M}`.
  static let mark = ScalarClass(rawValue: 1 << 3)
  /// `\p{N}`: decimal digits, letter numbers such as Ⅷ, other numbers such as ² and ½.
  static let number = ScalarClass(rawValue: 1 << 4)
  /// `\s`, the property White_Space: NO-BREAK SPACE, NEXT LINE and IDEOGRAPHIC SPACE are in it, ZERO WIDTH SPACE is not.
  static let whitespace = ScalarClass(rawValue: 1 << 5)
  /// `\p{P}`.
  static let punctuation = ScalarClass(rawValue: 1 << 6)
  /// `\p{S}`.
  static let symbol = ScalarClass(rawValue: 1 << 7)
  /// `[\r\n]`.
  static let newline = ScalarClass(rawValue: 1 << 8)
  /// Numbers of Unicode 17, which the reference's Digits component splits.
  static let digitsNumeric = ScalarClass(rawValue: 1 << 9)
  /// What the reference's Punctuation component splits: ASCII punctuation and symbols, and punctuation of Unicode 8.
  static let componentPunctuation = ScalarClass(rawValue: 1 << 10)
  /// `[\p{P}\$\+<=>\^~\|]`, of llama.cpp's default rule.
  static let defaultPunctuation = ScalarClass(rawValue: 1 << 11)
  /// `[一-龥ࠀ-一가-퟿]`, of DeepSeek's first rules.
  static let deepSeekWide = ScalarClass(rawValue: 1 << 12)
  /// `[一-龥぀-ゟ゠-ヿ]`, of DeepSeek-V3's rule.
  static let deepSeekHanKana = ScalarClass(rawValue: 1 << 13)
  /// The letters of DeepSeek-LLM's rule.
  static let deepSeekLetter = ScalarClass(rawValue: 1 << 14)
  /// The punctuation of DeepSeek-LLM's rule.
  static let deepSeekPunctuation = ScalarClass(rawValue: 1 << 15)
  /// Scalars that normalisation form C may change or join to what stands before them.
  static let composing = ScalarClass(rawValue: 1 << 16)

  /// Whether it has any of these classes.
  @inline(__always) func isAny(_ classes: ScalarClass) -> Bool { rawValue & classes.rawValue != 0 }
}

/// The classes of every Unicode scalar, from a table for the first 131,072.
struct ScalarClasses: Sendable {
  /// The one table; it is made when it is first used and never changes.
  static let shared = ScalarClasses()

  private let table: [ScalarClass]

  private init() { table = (0..<UInt32(0x20000)).map { value in Unicode.Scalar(value).map(Self.classify) ?? [] } }

  /// A pointer into the table, valid inside ``withView(_:)`` only: look-ups without reference counting.
  struct View {
    fileprivate let table: UnsafeBufferPointer<ScalarClass>

    /// The classes of the scalar with this value; none for a surrogate.
    @inline(__always) subscript(value: UInt32) -> ScalarClass {
      if value < 0x20000 { return table[Int(value)] }
      return Unicode.Scalar(value).map(ScalarClasses.classify) ?? []
    }
  }

  func withView<Result>(_ body: (View) -> Result) -> Result { table.withUnsafeBufferPointer { body(View(table: $0)) } }

  /// The version of Unicode that the reference's regular expressions know.
  private static let version = 16

  private static func classify(_ scalar: Unicode.Scalar) -> ScalarClass {
    let value = scalar.value
    var classes = generalClasses(scalar)
    if value < 0x80, classes.isAny([.punctuation, .symbol]) { classes.insert(.componentPunctuation) }
    if classes.contains(.punctuation) || "$+<=>^~|".unicodeScalars.contains(scalar) {
      classes.insert(.defaultPunctuation)
    }
    if value == 0x0A || value == 0x0D { classes.insert(.newline) }
    switch value {
    case 0x4E00...0x9FA5: classes.formUnion([.deepSeekWide, .deepSeekHanKana])
    case 0x3040...0x30FF: classes.formUnion([.deepSeekWide, .deepSeekHanKana])
    case 0x0800..<0x4E00, 0xAC00...0xD7FF: classes.insert(.deepSeekWide)
    default: break
    }
    if DeepSeekClasses.letters.contains(value) { classes.insert(.deepSeekLetter) }
    if DeepSeekClasses.punctuation.contains(value) { classes.insert(.deepSeekPunctuation) }
    if classes.contains(.mark) || changesAlone(value) || scalar.properties.canonicalCombiningClass != .notReordered {
      classes.insert(.composing)
    }
    return classes
  }

  private static func generalClasses(_ scalar: Unicode.Scalar) -> ScalarClass {
    let properties = scalar.properties
    let age = properties.age?.major ?? 0
    let isKnown = age <= version
    switch properties.generalCategory {
    case .uppercaseLetter, .titlecaseLetter: return isKnown ? .upper : []
    case .lowercaseLetter: return isKnown ? .lower : []
    // LATIN LETTER PHARYNGEAL VOICED FRICATIVE was lower case until Unicode 16.
    case .modifierLetter, .otherLetter: return isKnown ? scalar == "\u{295}" ? .lower : .caseless : []
    case .nonspacingMark, .spacingMark, .enclosingMark:
      // SHARADA SANDHI MARK was punctuation in Unicode 8.
      return isKnown ? scalar == "\u{111C9}" ? [.mark, .componentPunctuation] : .mark : []
    case .decimalNumber, .letterNumber, .otherNumber:
      return isKnown ? [.number, .digitsNumeric] : age <= version + 1 ? .digitsNumeric : []
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return !isKnown ? [] : age <= 8 ? [.punctuation, .componentPunctuation] : .punctuation
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
      // CANADIAN SYLLABICS CHI SIGN was punctuation in Unicode 8.
      return isKnown ? scalar == "\u{166D}" ? [.symbol, .componentPunctuation] : .symbol : []
    default: return properties.isWhitespace ? .whitespace : []
    }
  }

  /// Whether normalisation form C changes a scalar that is no mark, or joins it to the one before it: a superset.
  private static func changesAlone(_ value: UInt32) -> Bool {
    switch value {
    case 0x0374, 0x037E, 0x0387, 0x0958...0x095F, 0x09DC...0x09DF, 0x0A33...0x0A5E, 0x0B5C...0x0B5D, 0x0F43...0x0FB9,
      0x1161...0x1175, 0x11A8...0x11C2, 0x1F71...0x1FFD, 0x2000...0x2001, 0x2126...0x212B, 0x2329...0x232A, 0x2ADC,
      0xF900...0xFAFF, 0xFB1D...0xFB4E, 0x1D15E...0x1D1C0, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }
}
