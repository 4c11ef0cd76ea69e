/// Methods of text, lists and dictionaries, as Python has them.
extension TemplateEvaluator {
  func call(_ name: String, of text: TemplateText, _ arguments: TemplateArguments) throws -> TemplateValue {
    try charge(textBytes: text.count)
    guard arguments.named.isEmpty || ["format", "split", "rsplit", "splitlines"].contains(name) else {
      throw error("str.\(name)() takes no keyword arguments")
    }
    switch name {
    case "upper": return try unary(text.uppercased, name, arguments)
    case "lower": return try unary(text.lowercased, name, arguments)
    case "title": return try unary(text.titlecased, name, arguments)
    case "capitalize": return try unary(text.capitalized, name, arguments)
    case "strip": return try strip(text, .both, name, arguments)
    case "lstrip": return try strip(text, .start, name, arguments)
    case "rstrip": return try strip(text, .end, name, arguments)
    case "split": return try split(text, fromEnd: false, name, arguments)
    case "rsplit": return try split(text, fromEnd: true, name, arguments)
    case "splitlines":
      let bound = try bind(arguments, to: "keepends", of: name)
      return try list(text.lines(keepingEnds: bound[0]?.isTrue ?? false).map { .text($0) })
    case "partition", "rpartition": return try partition(text, name, arguments)
    case "startswith", "endswith": return .boolean(try hasAffix(text, name, arguments))
    case "find", "rfind", "index", "rindex", "count": return .integer(try search(text, name, arguments))
    case "replace": return try replace(text, arguments)
    case "removeprefix", "removesuffix": return try removeAffix(text, name, arguments)
    case "join": return try join(text, arguments)
    case "zfill": return try fillWithZeros(text, arguments)
    case "format": return .text(try formatted(try unmarked(text, name), arguments))
    default: return .boolean(try classify(text, name, arguments))
    }
  }

  /// Escaping what is put into markup is implemented for `+` alone.
  private func unmarked(_ text: TemplateText, _ name: String) throws -> TemplateText {
    guard !text.isMarkup else { throw error("\(name)() on text that went through the filter \"safe\"", .unsupported) }
    return text
  }

  private func unary(_ result: TemplateText, _ name: String, _ arguments: TemplateArguments) throws -> TemplateValue {
    _ = try bind(arguments, of: name)
    return .text(result)
  }

  func strip(_ text: TemplateText, _ side: TemplateText.Side, _ name: String, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let bound = try bind(arguments, to: "chars", of: name)
    guard let characters = bound[0], !characters.isNone else { return .text(text.stripped(side)) }
    let set = try plainText(characters, for: "the argument of \(name)")
    return .text(text.stripped(side, of: Set(set.scalars)))
  }

  private func split(_ text: TemplateText, fromEnd: Bool, _ name: String, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let bound = try bind(arguments, to: "sep", "maxsplit", of: name)
    let count = try bound[1].map { try integer($0, for: "maxsplit") } ?? -1
    let limit = count < 0 ? Int.max : count
    guard let separator = bound[0], !separator.isNone else {
      return try list(text.splitAtWhitespace(limit: limit, fromEnd: fromEnd).map { .text($0) })
    }
    let mark = try plainText(separator, for: "the separator of \(name)")
    guard !mark.isEmpty else { throw error("empty separator") }
    return try list(text.split(by: mark, limit: limit, fromEnd: fromEnd).map { .text($0) })
  }

  private func partition(_ text: TemplateText, _ name: String, _ arguments: TemplateArguments) throws -> TemplateValue {
    let bound = try bind(arguments, to: "sep", required: 1, of: name)
    let mark = try plainText(bound[0] ?? .none, for: "the separator of \(name)")
    guard !mark.isEmpty else { throw error("empty separator") }
    let fromEnd = name == "rpartition"
    let parts = text.split(by: mark, limit: 1, fromEnd: fromEnd)
    let empty = TemplateText()
    let found =
      parts.count == 2
      ? [parts[0], text.slice(parts[0].count..<parts[0].count + mark.count), parts[1]]
      : fromEnd ? [empty, empty, text] : [text, empty, empty]
    return .tuple(try elements(found.map { .text($0) }))
  }

  private func hasAffix(_ text: TemplateText, _ name: String, _ arguments: TemplateArguments) throws -> Bool {
    let bound = try bind(arguments, to: "affix", required: 1, of: name)
    var affixes = [bound[0] ?? .none]
    if case .tuple(let list) = affixes[0] { affixes = list.items }
    for affix in affixes {
      guard case .text(let affix) = affix else {
        throw error("\(name) first arg must be str or a tuple of str, not \(affix.typeName)")
      }
      if name == "startswith" ? text.hasPrefix(affix) : text.hasSuffix(affix) { return true }
    }
    return false
  }

  /// Positions are in characters.
  private func search(_ text: TemplateText, _ name: String, _ arguments: TemplateArguments) throws -> Int {
    guard arguments.positional.count < 2 else { throw error("\(name)() with a range", .unsupported) }
    let bound = try bind(arguments, to: "sub", required: 1, of: name)
    let part = try plainText(bound[0] ?? .none, for: "the argument of \(name)")
    if name == "count" {
      return part.isEmpty
        ? text.characterCount + 1 : text.separateOccurrences(of: part, fromEnd: false, limit: .max).count
    }
    let fromEnd = name.hasPrefix("r")
    let found = part.isEmpty ? [fromEnd ? text.count : 0] : text.occurrences(of: part, limit: fromEnd ? .max : 1)
    guard let offset = fromEnd ? found.last : found.first else {
      if name.hasSuffix("index") { throw error("substring not found") }
      return -1
    }
    return text.slice(0..<offset).characterCount
  }

  private func replace(_ text: TemplateText, _ arguments: TemplateArguments) throws -> TemplateValue {
    let bound = try bind(arguments, to: "old", "new", "count", required: 2, of: "replace")
    let old = try plainText(bound[0] ?? .none, for: "the first argument of replace")
    let new = try plainText(bound[1] ?? .none, for: "the second argument of replace")
    let count = try bound[2].map { try integer($0, for: "count") }
    return .text(try replacing(try unmarked(text, "replace"), old, new, count))
  }

  /// `count` below 0, or none, replaces every occurrence.
  func replacing(_ text: TemplateText, _ old: TemplateText, _ new: TemplateText, _ count: Int?) throws -> TemplateText {
    let limit = count.map { $0 < 0 ? .max : $0 } ?? Int.max
    // The size of the result is known before it is made.
    let places =
      old.isEmpty ? text.characterCount + 1 : text.separateOccurrences(of: old, fromEnd: false, limit: limit).count
    let (added, overflow) = min(places, limit).multipliedReportingOverflow(by: new.count)
    try charge(textBytes: overflow ? .max : added + text.count)
    return text.replacing(old, with: new, limit: limit)
  }

  private func removeAffix(_ text: TemplateText, _ name: String, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let bound = try bind(arguments, to: "affix", required: 1, of: name)
    let affix = try plainText(bound[0] ?? .none, for: "the argument of \(name)")
    if name == "removeprefix" {
      return .text(text.hasPrefix(affix) ? text.slice(affix.count..<text.count) : text)
    }
    return .text(text.hasSuffix(affix) ? text.slice(0..<text.count - affix.count) : text)
  }

  private func join(_ separator: TemplateText, _ arguments: TemplateArguments) throws -> TemplateValue {
    let bound = try bind(arguments, to: "iterable", required: 1, of: "join")
    var result = TemplateText()
    for (index, item) in try iterate(bound[0] ?? .none).enumerated() {
      let before = result.count
      if index > 0 { result.append(separator) }
      guard case .text(let text) = item else {
        throw error("sequence item \(index): expected str instance, \(item.typeName) found")
      }
      result.append(try unmarked(text, "join"))
      try charge(result, grownFrom: before)
    }
    return .text(result)
  }

  private func fillWithZeros(_ text: TemplateText, _ arguments: TemplateArguments) throws -> TemplateValue {
    let bound = try bind(arguments, to: "width", required: 1, of: "zfill")
    let width = try integer(bound[0] ?? .none, for: "the width")
    let count = text.characterCount
    guard width > count else { return .text(text) }
    let zeros = try repeated(TemplateText("0", .template), width - count)
    let hasSign = text.bytes.first == UInt8(ascii: "-") || text.bytes.first == UInt8(ascii: "+")
    return .text(text.slice(0..<(hasSign ? 1 : 0)) + zeros + text.slice((hasSign ? 1 : 0)..<text.count))
  }

  private func classify(_ text: TemplateText, _ name: String, _ arguments: TemplateArguments) throws -> Bool {
    _ = try bind(arguments, of: name)
    let scalars = text.scalars
    func all(_ condition: (Unicode.Scalar.Properties) -> Bool) -> Bool {
      !scalars.isEmpty && scalars.allSatisfy { condition($0.properties) }
    }
    switch name {
    case "isspace": return !scalars.isEmpty && scalars.allSatisfy(TemplateText.isWhitespace)
    case "isdigit": return all { $0.numericType == .decimal || $0.numericType == .digit }
    case "isdecimal": return all { $0.generalCategory == .decimalNumber }
    case "isalpha": return all { $0.isLetter }
    case "isalnum": return all { $0.isLetter || $0.numericType != nil }
    case "islower", "isupper": return isCased(text, upper: name == "isupper")
    default: throw error("the method \"\(name)\"", .unsupported)
    }
  }

  /// Whether a text has cased letters and all of them are of one case.
  func isCased(_ text: TemplateText, upper: Bool) -> Bool {
    var found = false
    for scalar in text.scalars {
      let properties = scalar.properties
      if upper ? properties.isUppercase : properties.isLowercase {
        found = true
      } else if properties.isUppercase || properties.isLowercase || properties.generalCategory == .titlecaseLetter {
        return false
      }
    }
    return found
  }

  // MARK: Dictionaries and lists

  func call(_ name: String, of dictionary: TemplateDictionary, _ arguments: TemplateArguments) throws -> TemplateValue {
    try charge(dictionary.pairs.count)
    if name == "get" {
      let bound = try bind(arguments, to: "key", "default", required: 1, of: name)
      let key = bound[0] ?? .none
      if case .undefined = key { return bound[1] ?? .none }
      try checkKey(key)
      return try position(of: key, in: dictionary.pairs).map { dictionary.pairs[$0].value } ?? bound[1] ?? .none
    }
    _ = try bind(arguments, of: name)
    switch name {
    case "items":
      let pairs = try dictionary.pairs.map { TemplateValue.tuple(try elements([$0.key, $0.value])) }
      return .iterator(TemplateIterator(pairs, typeName: "dict_items", isView: true))
    case "keys":
      return .iterator(TemplateIterator(dictionary.pairs.map(\.key), typeName: "dict_keys", isView: true))
    case "values":
      return .iterator(TemplateIterator(dictionary.pairs.map(\.value), typeName: "dict_values", isView: true))
    default: return .dictionary(dictionary)
    }
  }

  func call(_ name: String, of list: TemplateList, _ arguments: TemplateArguments) throws -> TemplateValue {
    if name == "copy" {
      _ = try bind(arguments, of: name)
      return .list(list)
    }
    let bound = try bind(arguments, to: "value", required: 1, of: name)
    var count = 0
    for (index, item) in list.items.enumerated() where try isEqual(item, bound[0] ?? .none) {
      if name == "index" { return .integer(index) }
      count += 1
    }
    if name == "index" { throw error("the value is not in the list") }
    return .integer(count)
  }
}

extension Unicode.Scalar.Properties {
  /// Python's `str.isalpha` for one character.
  fileprivate var isLetter: Bool {
    switch generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }
}
