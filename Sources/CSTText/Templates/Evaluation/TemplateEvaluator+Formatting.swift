import Foundation

/// `%` and `str.format`. What is filled in keeps its origin, and so does the text around it.
extension TemplateEvaluator {
  // MARK: "…" % values

  func formatted(_ format: TemplateText, with value: TemplateValue) throws -> TemplateText {
    guard !format.isMarkup else { throw error("% on text that went through the filter \"safe\"", .unsupported) }
    var values = [value]
    var named: TemplateDictionary?
    if case .tuple(let list) = value { values = list.items }
    if case .dictionary(let dictionary) = value { named = dictionary }
    var next = 0
    var result = TemplateText()
    var offset = 0
    let percent = UInt8(ascii: "%")
    while let mark = format.bytes[offset...].firstIndex(of: percent) {
      result.append(format, offset..<mark)
      var specification = PythonFormat()
      var key: TemplateText?
      offset = try specification.readPercent(format, from: mark + 1, key: &key, self)
      if specification.type == "%" {
        result.append(format, mark..<mark + 1)
        continue
      }
      let argument: TemplateValue
      if let key {
        guard let named else { throw error("format requires a mapping") }
        guard let found = named[key] else { throw error("the format's key '\(key.string)' is missing") }
        argument = found
        next = values.count
      } else {
        guard next < values.count else { throw error("not enough arguments for format string") }
        argument = values[next]
        next += 1
      }
      result.append(try self.format(argument, specification))
      try charge(textBytes: result.count)
    }
    if next < values.count && named == nil { throw error("not all arguments converted during string formatting") }
    result.append(format, offset..<format.count)
    return result
  }

  private func format(_ value: TemplateValue, _ specification: PythonFormat) throws -> TemplateText {
    switch specification.type {
    case "s": return try specification.padded(try text(of: value), isNumber: false, self)
    case "r": return try specification.padded(try representation(of: value), isNumber: false, self)
    case "d", "i", "u":
      var integer = value.integer
      if case .float(let number) = value { integer = Int(exactly: number.rounded(.towardZero)) }
      guard let integer else { throw error("%d format: a real number is required, not \(value.typeName)") }
      return try specification.padded(TemplateText("\(integer)", .template), isNumber: true, self)
    case "f", "F":
      guard let number = number(value) else { throw error("must be real number, not \(value.typeName)") }
      return try specification.padded(
        TemplateText(PythonFormat.fixed(number, specification.precision ?? 6), .template), isNumber: true, self)
    default: throw error("the format %\(specification.type)", .unsupported)
    }
  }

  // MARK: "…".format(values)

  func formatted(_ format: TemplateText, _ arguments: TemplateArguments) throws -> TemplateText {
    var result = TemplateText()
    var automatic = 0
    var offset = 0
    var start = 0
    let bytes = format.bytes
    while offset < bytes.count {
      let byte = bytes[offset]
      guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") else {
        offset += 1
        continue
      }
      result.append(format, start..<offset)
      if offset + 1 < bytes.count, bytes[offset + 1] == byte {
        result.append(format, offset..<offset + 1)
        offset += 2
      } else {
        guard byte == UInt8(ascii: "{") else { throw error("Single '}' encountered in format string") }
        guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "}")) else {
          throw error("Single '{' encountered in format string")
        }
        let field = format.slice(offset + 1..<end)
        guard !field.bytes.contains(UInt8(ascii: "{")) else { throw error("fields inside fields", .unsupported) }
        result.append(try fill(field, &automatic, arguments))
        offset = end + 1
      }
      start = offset
      try charge(textBytes: result.count)
    }
    result.append(format, start..<bytes.count)
    return result
  }

  /// One field: `name.attribute[index]!conversion:specification`.
  private func fill(_ field: TemplateText, _ automatic: inout Int, _ arguments: TemplateArguments)
    throws -> TemplateText
  {
    let parts = field.split(by: TemplateText(":", .template), limit: 1, fromEnd: false)
    let halves = parts[0].split(by: TemplateText("!", .template), limit: 1, fromEnd: false)
    let path = halves[0].string
    let name = path.prefix { $0 != "." && $0 != "[" }
    guard name.count == path.count else { throw error("attributes in the fields of format()", .unsupported) }
    var value: TemplateValue
    if name.isEmpty || name.allSatisfy(\.isASCIIDigit) {
      guard let index = name.isEmpty ? automatic : Int(name), index < arguments.positional.count else {
        throw error("Replacement index \(name.isEmpty ? "\(automatic)" : String(name)) out of range")
      }
      if name.isEmpty { automatic += 1 }
      value = arguments.positional[index]
    } else {
      guard let found = arguments.named.first(where: { $0.name == name }) else { throw error("KeyError: '\(name)'") }
      value = found.value
    }
    if halves.count > 1 {
      switch halves[1].string {
      case "s": value = .text(try text(of: value))
      case "r": value = .text(try representation(of: value))
      default: throw error("the conversion !\(halves[1].string)", .unsupported)
      }
    }
    guard parts.count > 1, !parts[1].isEmpty else { return try text(of: value) }
    return try format(value, parts[1].string)
  }

  private func format(_ value: TemplateValue, _ specification: String) throws -> TemplateText {
    guard let format = PythonFormat(specification) else {
      throw error("the format specification \"\(specification)\"", .unsupported)
    }
    switch (value, format.type) {
    case (.text(let text), "s"), (.text(let text), "\0"): return try format.padded(text, isNumber: false, self)
    case (.integer(let value), "d"), (.integer(let value), "\0"):
      return try format.padded(TemplateText("\(value)", .template), isNumber: true, self)
    case (.integer, "f"), (.float, "f"):
      return try format.padded(
        TemplateText(PythonFormat.fixed(number(value) ?? 0, format.precision ?? 6), .template), isNumber: true, self)
    default: throw error("the format specification \"\(specification)\" for \(value.typeName)", .unsupported)
    }
  }
}

/// How a value is laid out: the part of Python's two notations that templates use.
struct PythonFormat {
  var width = 0
  var precision: Int?
  var type: Character = "\0"
  /// `<`, `>` or `^`; `nil` is the type's own.
  private var alignment: Character?
  private var filler: Character = " "

  init() {}

  /// `[[fill]align][0][width][.precision][type]`
  init?(_ specification: String) {
    var rest = Substring(specification)
    let marks: Set<Character> = ["<", ">", "^"]
    if let second = rest.dropFirst().first, marks.contains(second), let first = rest.first {
      (filler, alignment) = (first, second)
      rest = rest.dropFirst(2)
    } else if let first = rest.first, marks.contains(first) {
      alignment = first
      rest = rest.dropFirst()
    }
    if alignment == nil, rest.first == "0" { filler = "0" }
    guard readSizes(&rest) else { return nil }
    if let last = rest.popFirst() { type = last }
    guard rest.isEmpty else { return nil }
  }

  private mutating func readSizes(_ rest: inout Substring) -> Bool {
    func number() -> Int? {
      let digits = rest.prefix(while: \.isASCIIDigit)
      rest = rest.dropFirst(digits.count)
      return digits.isEmpty ? 0 : digits.count < 7 ? Int(digits) : nil
    }
    guard let width = number() else { return false }
    self.width = width
    if rest.first == "." {
      rest = rest.dropFirst()
      guard let precision = number() else { return false }
      self.precision = precision
    }
    return true
  }

  /// Reads what follows a `%`: `(key)`, flags `-` and `0`, width, precision, type. Returns the offset behind it.
  mutating func readPercent(
    _ format: TemplateText, from start: Int, key: inout TemplateText?, _ evaluator: TemplateEvaluator
  ) throws -> Int {
    var offset = start
    if offset < format.count, format.bytes[offset] == UInt8(ascii: "(") {
      guard let end = format.bytes[offset...].firstIndex(of: UInt8(ascii: ")")) else {
        throw evaluator.error("incomplete format key")
      }
      key = format.slice(offset + 1..<end)
      offset = end + 1
    }
    let text = String(decoding: format.bytes[offset...].prefix(32).prefix { $0 < 0x80 }, as: UTF8.self)
    var rest = Substring(text)
    while let flag = rest.first, flag == "-" || flag == "0" {
      if flag == "-" { alignment = "<" } else { filler = "0" }
      rest = rest.dropFirst()
    }
    guard readSizes(&rest), let type = rest.popFirst() else { throw evaluator.error("incomplete format") }
    self.type = type
    if alignment == nil { alignment = ">" }
    return offset + text.utf8.count - rest.utf8.count
  }

  /// The text in the field's width; numbers stand right and texts left where nothing else is said.
  func padded(_ text: TemplateText, isNumber: Bool, _ evaluator: TemplateEvaluator) throws -> TemplateText {
    var text = text
    if let precision, !isNumber { text = text.characters(at: 0..<min(precision, text.characterCount)) }
    let missing = width - text.characterCount
    guard missing > 0 else { return text }
    let fillsZeros = filler == "0" && isNumber && alignment != "<"
    // A format may be content, and so may what it fills up with: filling is content, whoever wrote it.
    let space = TemplateText(fillsZeros ? "0" : filler == "0" && !isNumber ? " " : String(filler), .content)
    if fillsZeros, text.bytes.first == UInt8(ascii: "-") {
      return text.slice(0..<1) + (try evaluator.repeated(space, missing)) + text.slice(1..<text.count)
    }
    switch alignment ?? (isNumber ? ">" : "<") {
    case "<": return text + (try evaluator.repeated(space, missing))
    case ">": return (try evaluator.repeated(space, missing)) + text
    default:
      return (try evaluator.repeated(space, missing / 2)) + text
        + (try evaluator.repeated(space, missing - missing / 2))
    }
  }

  /// Digits after the point, rounded half to even on the exact value, as C does.
  static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    return String(format: "%.\(min(places, 1000))f", value)
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
