/// Values as text: what printing one writes, and Python's `repr`. Quotes and brackets are the template's; what a message
/// says stays content.
extension TemplateEvaluator {
  func text(of value: TemplateValue) throws -> TemplateText {
    switch value {
    case .undefined: TemplateText()
    case .text(let text): text
    default: try representation(of: value)
    }
  }

  func representation(of value: TemplateValue) throws -> TemplateText {
    var result = TemplateText()
    try represent(value, into: &result)
    return result
  }

  private func represent(_ value: TemplateValue, into result: inout TemplateText) throws {
    let before = result.count
    switch value {
    case .undefined: result.append("Undefined", .template)
    case .none: result.append("None", .template)
    case .boolean(let value): result.append(value ? "True" : "False", .template)
    case .integer(let value): result.append("\(value)", .template)
    case .float(let value): result.append(PythonFloat.representation(value), .template)
    case .text(let text):
      try charge(textBytes: text.count * 2)
      if text.isMarkup { result.append("Markup(", .template) }
      PythonText.append(text, to: &result)
      if text.isMarkup { result.append(")", .template) }
    case .list(let list): try represent(list.items, "[", "]", into: &result)
    case .tuple(let list): try represent(list.items, "(", list.items.count == 1 ? ",)" : ")", into: &result)
    case .dictionary(let dictionary):
      result.append("{", .template)
      for (index, (key, value)) in dictionary.pairs.enumerated() {
        if index > 0 { result.append(", ", .template) }
        try represent(key, into: &result)
        result.append(": ", .template)
        try represent(value, into: &result)
      }
      result.append("}", .template)
    case .range(_, let start, let stop, let step):
      result.append("range(\(start), \(stop)\(step == 1 ? "" : ", \(step)"))", .template)
    case .iterator(let iterator) where iterator.isView:
      result.append("\(iterator.typeName)(", .template)
      try represent(Array(iterator.rest), "[", "])", into: &result)
    case .iterator, .namespace, .loop, .function:
      throw error("printing a \(value.typeName)", .unsupported)
    }
    try charge(result, grownFrom: before)
  }

  private func represent(
    _ items: [TemplateValue], _ opening: String, _ closing: String, into result: inout TemplateText
  )
    throws
  {
    result.append(opening, .template)
    for (index, item) in items.enumerated() {
      if index > 0 { result.append(", ", .template) }
      try represent(item, into: &result)
    }
    result.append(closing, .template)
  }
}

enum PythonText {
  static func append(_ text: TemplateText, to result: inout TemplateText) {
    let quote = text.bytes.contains(UInt8(ascii: "'")) && !text.bytes.contains(UInt8(ascii: "\"")) ? "\"" : "'"
    result.append(quote, .template)
    text.forEachScalar { scalar, origin in
      switch scalar {
      case "\\": result.append("\\\\", origin)
      case "'" where quote == "'": result.append("\\'", origin)
      case "\n": result.append("\\n", origin)
      case "\r": result.append("\\r", origin)
      case "\t": result.append("\\t", origin)
      default:
        if isPrintable(scalar) {
          result.append(scalar, origin)
        } else {
          let (mark, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x1_0000 ? ("u", 4) : ("U", 8)
          let digits = String(scalar.value, radix: 16)
          result.append("\\\(mark)" + String(repeating: "0", count: width - digits.utf8.count) + digits, origin)
        }
      }
    }
    result.append(quote, .template)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 { return scalar.value >= 0x20 && scalar.value != 0x7F }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }
}

enum PythonFloat {
  /// `repr(value)`: the shortest digits that give the number back.
  static func representation(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let sign = value.sign == .minus ? "-" : ""
    let (digits, exponent) = shortest(value.magnitude)
    // As repr does, exponents from 16 and below -4 are written as such.
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      let size = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
      return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(size)"
    }
    if exponent < 0 { return "\(sign)0." + String(repeating: "0", count: -exponent - 1) + digits }
    let padded = digits + String(repeating: "0", count: max(exponent + 2 - digits.utf8.count, 0))
    return "\(sign)\(padded.prefix(exponent + 1)).\(padded.dropFirst(exponent + 1))"
  }

  /// The significant digits, and the power of ten of the first.
  private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
    let parts = value.description.split(separator: "e", maxSplits: 1)
    let mantissa = parts[0].split(separator: ".", maxSplits: 1)
    let whole = String(mantissa[0])
    let fraction = mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : ""
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.utf8.count - 1
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    guard leading < all.count else { return ("0", 0) }
    exponent -= leading
    var digits = String(all.dropFirst(leading))
    while digits.count > 1 && digits.last == "0" { digits.removeLast() }
    return (digits, exponent)
  }
}
