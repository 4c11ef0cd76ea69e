/// The filter `tojson` as Hugging Face defines it for chat templates: `json.dumps` without escaping for HTML.
struct TemplateJSON {
  /// What an indented level begins with; `nil` for one line.
  var indent: TemplateText?
  var itemSeparator = TemplateText(", ", .template)
  var keySeparator = TemplateText(": ", .template)
  var sortsKeys = false
  var escapesNonASCII = false
}

extension TemplateEvaluator {
  func json(_ value: TemplateValue, _ style: TemplateJSON) throws -> TemplateText {
    var result = TemplateText()
    try writeJSON(value, style, level: 0, into: &result)
    return result
  }

  private func writeJSON(_ value: TemplateValue, _ style: TemplateJSON, level: Int, into result: inout TemplateText)
    throws
  {
    let before = result.count
    switch value {
    case .none: result.append("null", .template)
    case .boolean(let value): result.append(value ? "true" : "false", .template)
    case .integer(let value): result.append("\(value)", .template)
    case .float(let value): result.append(Self.jsonNumber(value), .template)
    case .text(let text):
      try charge(textBytes: text.count * 2)
      Self.writeJSON(text, style, into: &result)
    case .list(let list), .tuple(let list):
      try writeJSON(list.items.count, "[", "]", style, level: level, into: &result) { index, result in
        try self.writeJSON(list.items[index], style, level: level + 1, into: &result)
      }
    case .dictionary(let dictionary):
      let pairs = style.sortsKeys ? try sorted(dictionary.pairs) : dictionary.pairs
      try writeJSON(pairs.count, "{", "}", style, level: level, into: &result) { index, result in
        try self.writeJSONKey(pairs[index].key, style, into: &result)
        result.append(style.keySeparator)
        try self.writeJSON(pairs[index].value, style, level: level + 1, into: &result)
      }
    default: throw error("Object of type \(value.typeName) is not JSON serializable")
    }
    try charge(result, grownFrom: before)
  }

  private func sorted(_ pairs: [(key: TemplateValue, value: TemplateValue)]) throws
    -> [(key: TemplateValue, value: TemplateValue)]
  {
    let order = try sortedPositions(of: pairs.map(\.key), descending: false)
    return order.map { pairs[$0] }
  }

  /// Brackets around elements, each on its line where the style has an indent.
  private func writeJSON(
    _ count: Int, _ opening: String, _ closing: String, _ style: TemplateJSON, level: Int,
    into result: inout TemplateText, element: (Int, inout TemplateText) throws -> Void
  ) throws {
    result.append(opening, .template)
    for index in 0..<count {
      if index > 0 { result.append(style.itemSeparator) }
      try newLine(style, level: level + 1, into: &result)
      try element(index, &result)
    }
    if count > 0 { try newLine(style, level: level, into: &result) }
    result.append(closing, .template)
  }

  private func newLine(_ style: TemplateJSON, level: Int, into result: inout TemplateText) throws {
    guard let indent = style.indent else { return }
    result.append("\n", .template)
    for _ in 0..<level {
      let before = result.count
      result.append(indent)
      try charge(result, grownFrom: before)
    }
  }

  private func writeJSONKey(_ key: TemplateValue, _ style: TemplateJSON, into result: inout TemplateText) throws {
    switch key {
    case .text(let text): Self.writeJSON(text, style, into: &result)
    case .boolean(let value): result.append(value ? "\"true\"" : "\"false\"", .template)
    case .none: result.append("\"null\"", .template)
    case .integer(let value): result.append("\"\(value)\"", .template)
    case .float(let value): result.append("\"\(Self.jsonNumber(value))\"", .template)
    default: throw error("keys must be str, int, float, bool or None, not \(key.typeName)")
    }
  }

  private static func jsonNumber(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return PythonFloat.representation(value)
  }

  private static func writeJSON(_ text: TemplateText, _ style: TemplateJSON, into result: inout TemplateText) {
    result.append("\"", .template)
    text.forEachScalar { scalar, origin in
      if let escape = JSONString.escape(scalar, isASCII: style.escapesNonASCII) {
        result.append(escape, origin)
      } else {
        result.append(scalar, origin)
      }
    }
    result.append("\"", .template)
  }
}
