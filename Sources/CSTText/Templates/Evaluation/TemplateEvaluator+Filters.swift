/// Filters of text and numbers; those of lists are in another file.
extension TemplateEvaluator {
  func apply(_ filter: TemplateFilter, to value: TemplateValue, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let name = filter.rawValue
    switch filter {
    case .default, .d:
      let bound = try bind(arguments, to: "default_value", "boolean", of: name)
      let isMissing = value.isUndefined || (bound[1]?.isTrue ?? false) && !value.isTrue
      return isMissing ? bound[0] ?? .text("") : value
    case .string:
      _ = try bind(arguments, of: name)
      return .text(try text(of: value))
    case .safe:
      _ = try bind(arguments, of: name)
      var marked = try text(of: value)
      marked.isMarkup = true
      return .text(marked)
    case .upper, .lower, .title, .capitalize, .trim, .replace, .format, .indent:
      return try applyToText(filter, value, arguments)
    case .int, .float, .abs, .round: return try applyToNumber(filter, value, arguments)
    case .tojson: return .text(try json(value, try jsonStyle(arguments)))
    default: return try applyToList(filter, value, arguments)
    }
  }

  /// Filters by name, as `map` calls them.
  func apply(named name: String, to value: TemplateValue, _ arguments: TemplateArguments) throws -> TemplateValue {
    guard let filter = TemplateFilter(rawValue: name) else { throw error("the filter \"\(name)\"", .unsupported) }
    return try nested { try apply(filter, to: value, arguments) }
  }

  private func applyToText(_ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let name = filter.rawValue
    if filter == .indent {
      guard case .text(let text) = value else { throw error("indent expects str, found \(value.typeName)") }
      return .text(try indented(text, arguments))
    }
    let text = try text(of: value)
    try charge(textBytes: text.count)
    switch filter {
    case .upper: _ = try bind(arguments, of: name); return .text(text.uppercased)
    case .lower: _ = try bind(arguments, of: name); return .text(text.lowercased)
    case .title: _ = try bind(arguments, of: name); return .text(text.titledWords)
    case .capitalize: _ = try bind(arguments, of: name); return .text(text.capitalized)
    case .trim: return try strip(text, .both, name, arguments)
    case .format: return .text(try filledIn(text, arguments))
    default:
      let bound = try bind(arguments, to: "old", "new", "count", required: 2, of: name)
      let old = try self.text(of: bound[0] ?? .none)
      let new = try self.text(of: bound[1] ?? .none)
      var count: Int?
      if let value = bound[2], !value.isNone { count = try integer(value, for: "count") }
      return .text(try replacing(text, old, new, count))
    }
  }

  /// `"…" | format(…)`: positional arguments, or named ones.
  private func filledIn(_ text: TemplateText, _ arguments: TemplateArguments) throws -> TemplateText {
    if arguments.named.isEmpty { return try formatted(text, with: .tuple(try elements(arguments.positional))) }
    guard arguments.positional.isEmpty else {
      throw error("can't handle positional and keyword arguments at the same time")
    }
    let pairs = arguments.named.map { (key: TemplateValue.text($0.name), value: $0.value) }
    return try formatted(text, with: .dictionary(try dictionary(pairs)))
  }

  private func indented(_ text: TemplateText, _ arguments: TemplateArguments) throws -> TemplateText {
    let bound = try bind(arguments, to: "width", "first", "blank", of: "indent")
    var indent = TemplateText("    ", .template)
    if case .text(let given)? = bound[0] {
      indent = given
    } else if let width = bound[0] {
      indent = try repeated(TemplateText(" ", .template), try integer(width, for: "the width"))
    }
    let indentsBlank = bound[2]?.isTrue ?? false
    let lines = (text + TemplateText("\n", .template)).lines(keepingEnds: false)
    var result = TemplateText()
    for (index, line) in lines.enumerated() {
      let before = result.count
      if index > 0 { result.append("\n", .template) }
      if index > 0 ? (indentsBlank || !line.isEmpty) : bound[1]?.isTrue ?? false { result.append(indent) }
      result.append(line)
      try charge(result, grownFrom: before)
    }
    return result
  }

  private func jsonStyle(_ arguments: TemplateArguments) throws -> TemplateJSON {
    let bound = try bind(arguments, to: "ensure_ascii", "indent", "separators", "sort_keys", of: "tojson")
    var style = TemplateJSON()
    style.escapesNonASCII = bound[0]?.isTrue ?? false
    style.sortsKeys = bound[3]?.isTrue ?? false
    if let indent = bound[1], !indent.isNone {
      style.itemSeparator = TemplateText(",", .template)
      if case .text(let text) = indent {
        style.indent = text
      } else {
        style.indent = try repeated(TemplateText(" ", .template), try integer(indent, for: "the indent"))
      }
    }
    if let separators = bound[2], !separators.isNone {
      let pair = try iterate(separators)
      guard pair.count == 2 else { throw error("separators are two texts") }
      style.itemSeparator = try plainText(pair[0], for: "a separator")
      style.keySeparator = try plainText(pair[1], for: "a separator")
    }
    return style
  }

  // MARK: Numbers

  private func applyToNumber(_ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let name = filter.rawValue
    switch filter {
    case .int:
      let bound = try bind(arguments, to: "default", "base", of: name)
      if let base = bound[1], base.integer != 10 { throw error("the filter int with a base", .unsupported) }
      return try truncated(value) ?? bound[0] ?? .integer(0)
    case .float:
      let bound = try bind(arguments, to: "default", of: name)
      if case .undefined(let undefined) = value { throw error(undefined.message) }
      if case .text(let text) = value { return parsedFloat(text).map { .float($0) } ?? bound[0] ?? .float(0) }
      return number(value).map { .float($0) } ?? bound[0] ?? .float(0)
    case .abs:
      _ = try bind(arguments, of: name)
      if let integer = value.integer { return integer < 0 ? try negated(value) : .integer(integer) }
      if case .float(let number) = value { return .float(number.magnitude) }
      throw error("bad operand type for abs(): '\(value.typeName)'")
    default: return try rounded(value, arguments)
    }
  }

  /// `value` as an integer, `nil` where it is not a number.
  private func truncated(_ value: TemplateValue) throws -> TemplateValue? {
    if case .undefined(let undefined) = value { throw error(undefined.message) }
    if let integer = value.integer { return .integer(integer) }
    var number: Double?
    if case .float(let given) = value { number = given }
    if case .text(let text) = value {
      let digits = text.stripped(.both).string
      if let integer = Int(digits) { return .integer(integer) }
      if !digits.isEmpty && digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        throw error("an integer of more than 64 bits", .limitExceeded)
      }
      number = parsedFloat(text)
    }
    guard let number, number.isFinite else { return nil }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw error("an integer of more than 64 bits", .limitExceeded)
    }
    return .integer(integer)
  }

  private func parsedFloat(_ text: TemplateText) -> Double? {
    let spelling = text.stripped(.both).string.lowercased()
    let body = spelling.drop { $0 == "+" || $0 == "-" }
    guard body.utf8.count >= spelling.utf8.count - 1, !body.hasPrefix("0x") else { return nil }
    if ["nan", "inf", "infinity"].contains(body) { return Double(spelling) }
    guard let first = body.utf8.first, first == UInt8(ascii: ".") || (0x30...0x39).contains(first) else { return nil }
    return Double(spelling)
  }

  private func rounded(_ value: TemplateValue, _ arguments: TemplateArguments) throws -> TemplateValue {
    let bound = try bind(arguments, to: "precision", "method", of: "round")
    let places = try bound[0].map { try integer($0, for: "the precision") } ?? 0
    guard (0...15).contains(places) else { throw error("rounding to \(places) places", .unsupported) }
    let method = try bound[1].map { try plainText($0, for: "the method").string }
    if method == nil || method == "common" {
      if let integer = value.integer { return .integer(integer) }
      guard case .float(let number) = value else {
        throw error("type \(value.typeName) doesn't define __round__ method")
      }
      return .float(number.isFinite ? Double(PythonFormat.fixed(number, places)) ?? number : number)
    }
    guard method == "ceil" || method == "floor" else { throw error("method must be common, ceil or floor") }
    guard let number = number(value) else { throw error("must be real number, not \(value.typeName)") }
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    return .float((number * scale).rounded(method == "ceil" ? .up : .down) / scale)
  }
}
