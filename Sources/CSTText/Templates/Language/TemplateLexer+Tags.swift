/// What stands between the marks of a tag.
extension TemplateLexer {
  mutating func lexTag(isBlock: Bool) throws {
    var open: [TemplateToken.Symbol] = []
    let firstToken = tokens.count
    while true {
      if open.isEmpty, let end = isBlock ? endOfBlock(at: position) : endOfVariable(at: position) {
        add(isBlock ? .blockEnd : .variableEnd)
        return finishTag(end)
      }
      let afterSpace = endOfWhitespace(from: position)
      if afterSpace > position {
        advance(to: afterSpace)
        continue
      }
      guard let first = byte(at: position) else {
        throw error(.syntax, "the template ends inside a tag; expected \(isBlock ? "%}" : "}}")")
      }
      guard tokens.count - firstToken < TemplateLimits.tokensPerTag else {
        throw error(.limitExceeded, "more than \(TemplateLimits.tokensPerTag) tokens in one tag")
      }
      switch first {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): try lexNumber()
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): lexName()
      case UInt8(ascii: "'"), UInt8(ascii: "\""): try lexString(quote: first)
      default: try lexSymbol(&open)
      }
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }

  private mutating func lexName() {
    var end = position
    while let byte = byte(at: end), Self.isWordByte(byte) { end += 1 }
    add(.name(String(decoding: source[position..<end], as: UTF8.self)))
    position = end
  }

  private mutating func lexSymbol(_ open: inout [TemplateToken.Symbol]) throws {
    let candidates = [2, 1].compactMap { length in
      position + length <= source.count
        ? TemplateToken.Symbol(rawValue: String(decoding: source[position..<position + length], as: UTF8.self)) : nil
    }
    guard let symbol = candidates.first else {
      let rest = String(decoding: source[position...].prefix(8), as: UTF8.self)
      throw error(.syntax, "unexpected character \(TokenizerError.quote(String(rest.prefix(1)))) in a tag")
    }
    switch symbol {
    case .leftBrace: open.append(.rightBrace)
    case .leftBracket: open.append(.rightBracket)
    case .leftParenthesis: open.append(.rightParenthesis)
    case .rightBrace, .rightBracket, .rightParenthesis:
      let expected = open.popLast()
      guard expected == symbol else {
        throw error(
          .syntax, "unexpected \"\(symbol.rawValue)\"" + (expected.map { ", expected \"\($0.rawValue)\"" } ?? ""))
      }
    default: break
    }
    add(.symbol(symbol))
    position += symbol.rawValue.utf8.count
  }

  // MARK: Numbers

  /// The end of digits with single underscores between them, `nil` where there is no digit.
  private func endOfDigits(from offset: Int, _ isDigit: (UInt8) -> Bool) -> Int? {
    guard let first = byte(at: offset), isDigit(first) else { return nil }
    var end = offset + 1
    while let next = byte(at: end) {
      if isDigit(next) {
        end += 1
      } else if next == UInt8(ascii: "_"), let after = byte(at: end + 1), isDigit(after) {
        end += 2
      } else {
        break
      }
    }
    return end
  }

  private func literal(to end: Int) -> String {
    String(decoding: source[position..<end].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
  }

  private mutating func lexNumber() throws {
    func isDecimal(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    let whole = endOfDigits(from: position, isDecimal) ?? position + 1
    var end = whole
    if byte(at: end) == UInt8(ascii: "."), let fraction = endOfDigits(from: end + 1, isDecimal) { end = fraction }
    if let mark = byte(at: end), mark | 0x20 == UInt8(ascii: "e") {
      var digits = end + 1
      if let sign = byte(at: digits), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { digits += 1 }
      if let exponent = endOfDigits(from: digits, isDecimal) { end = exponent }
    }
    let followsDot = position > 0 && source[position - 1] == UInt8(ascii: ".")
    if end > whole, !followsDot, let value = Double(literal(to: end)) {
      add(.float(value))
      position = end
      return
    }
    try lexInteger()
  }

  private mutating func lexInteger() throws {
    var radix = 10
    var end = position + 1
    if source[position] == UInt8(ascii: "0") {
      let radixes: [UInt8: Int] = [UInt8(ascii: "b"): 2, UInt8(ascii: "o"): 8, UInt8(ascii: "x"): 16]
      if let mark = byte(at: position + 1), let found = radixes[mark | 0x20] {
        var digits = position + 2
        if byte(at: digits) == UInt8(ascii: "_") { digits += 1 }
        let last = endOfDigits(from: digits) { byte in
          Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < found } ?? false
        }
        if let last { (radix, end) = (found, last) }
      }
      if radix == 10 { end = endOfDigits(from: position) { $0 == UInt8(ascii: "0") } ?? end }
    } else {
      end = endOfDigits(from: position) { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? end
    }
    let digits = literal(to: end)
    guard let value = Int(radix == 10 ? digits : String(digits.dropFirst(2)), radix: radix) else {
      throw error(.limitExceeded, "the integer \(digits.prefix(24)) is too large")
    }
    add(.integer(value))
    position = end
  }

  // MARK: Strings

  private mutating func lexString(quote: UInt8) throws {
    var end = position + 1
    while let byte = byte(at: end), byte != quote { end += byte == UInt8(ascii: "\\") ? 2 : 1 }
    guard end < source.count else { throw error(.syntax, "a string without an end") }
    add(.string(try unescaped(Array(source[position + 1..<end]))))
    advance(to: end + 1)
  }

  private func unescaped(_ text: [UInt8]) throws -> String {
    guard text.contains(UInt8(ascii: "\\")) else { return String(decoding: text, as: UTF8.self) }
    var result: [UInt8] = []
    var index = 0
    func scalar(_ digits: ArraySlice<UInt8>, count: Int, radix: Int) throws -> Unicode.Scalar {
      let spelling = String(decoding: digits, as: UTF8.self)
      guard digits.count == count, spelling.allSatisfy(\.isHexDigit), let value = UInt32(spelling, radix: radix),
        let scalar = Unicode.Scalar(value)
      else { throw error(.syntax, "the escape of a character that does not exist: \"\(spelling)\"") }
      return scalar
    }
    while index < text.count {
      guard text[index] == UInt8(ascii: "\\"), index + 1 < text.count else {
        result.append(text[index])
        index += 1
        continue
      }
      let mark = text[index + 1]
      index += 2
      if let simple = Self.simpleEscapes[mark] {
        result.append(contentsOf: simple)
      } else if let count = Self.codeLengths[mark] {
        let digits = text[index...].prefix(count)
        result.append(contentsOf: String(try scalar(digits, count: count, radix: 16)).utf8)
        index += digits.count
      } else if (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(mark) {
        let digits = text[(index - 1)...].prefix(3).prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
        result.append(contentsOf: String(try scalar(digits, count: digits.count, radix: 8)).utf8)
        index += digits.count - 1
      } else if mark == UInt8(ascii: "N") {
        throw error(.unsupported, "characters by name (\\N{…}) in strings")
      } else {
        result += [UInt8(ascii: "\\"), mark]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static let codeLengths: [UInt8: Int] = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8]
  private static let simpleEscapes: [UInt8: [UInt8]] = [
    UInt8(ascii: "\\"): [0x5C], UInt8(ascii: "'"): [0x27], UInt8(ascii: "\""): [0x22], 0x0A: [],
    UInt8(ascii: "a"): [0x07], UInt8(ascii: "b"): [0x08], UInt8(ascii: "f"): [0x0C], UInt8(ascii: "n"): [0x0A],
    UInt8(ascii: "r"): [0x0D], UInt8(ascii: "t"): [0x09], UInt8(ascii: "v"): [0x0B],
  ]
}
