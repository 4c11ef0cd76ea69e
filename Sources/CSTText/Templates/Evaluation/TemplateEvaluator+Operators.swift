import Foundation

/// Arithmetic and comparisons, as Python defines them.
extension TemplateEvaluator {
  // MARK: Arithmetic

  func compute(_ left: TemplateValue, _ operation: TemplateOperator, _ right: TemplateValue) throws -> TemplateValue {
    if case .undefined(let undefined) = left { throw error(undefined.message) }
    // The left text formats whatever stands on the right.
    if case .text(let format) = left, operation == .modulo {
      return .text(try formatted(format, with: right))
    }
    if case .undefined(let undefined) = right { throw error(undefined.message) }
    switch (left, operation, right) {
    case (.text(let first), .add, .text(let second)): return .text(try joined(first, second))
    case (.list(let first), .add, .list(let second)): return try list(first.items + second.items)
    case (.tuple(let first), .add, .tuple(let second)): return .tuple(try elements(first.items + second.items))
    case (.text(let text), .multiply, _):
      if let count = right.integer { return .text(try repeated(text, count)) }
    case (_, .multiply, .text(let text)):
      if let count = left.integer { return .text(try repeated(text, count)) }
    case (.list(let all), .multiply, _):
      if let count = right.integer { return try list(try repeated(all.items, count)) }
    case (_, .multiply, .list(let all)):
      if let count = left.integer { return try list(try repeated(all.items, count)) }
    default: break
    }
    if let first = left.integer, let second = right.integer { return try compute(first, operation, second) }
    if let first = number(left), let second = number(right) { return try compute(first, operation, second) }
    if case .text = left, operation == .add {
      throw error("can only concatenate str (not \"\(right.typeName)\") to str")
    }
    throw error("unsupported operand type(s) for \(operation.rawValue): '\(left.typeName)' and '\(right.typeName)'")
  }

  /// `first + second`; text joined to markup is escaped.
  private func joined(_ first: TemplateText, _ second: TemplateText) throws -> TemplateText {
    try charge(textBytes: first.count + second.count)
    guard first.isMarkup != second.isMarkup else { return first + second }
    var result = (first.isMarkup ? first : first.escapedForHTML) + (second.isMarkup ? second : second.escapedForHTML)
    result.isMarkup = true
    try charge(textBytes: result.count)
    return result
  }

  func repeated(_ text: TemplateText, _ count: Int) throws -> TemplateText {
    let count = max(count, 0)
    let (size, overflow) = text.count.multipliedReportingOverflow(by: count)
    try charge(textBytes: overflow ? .max : size)
    var result = TemplateText()
    if !text.isEmpty { for _ in 0..<count { result.append(text) } }
    return result
  }

  private func repeated(_ items: [TemplateValue], _ count: Int) throws -> [TemplateValue] {
    let count = max(count, 0)
    let (size, overflow) = items.count.multipliedReportingOverflow(by: count)
    try charge(elements: overflow ? .max : size)
    return items.isEmpty ? [] : (0..<count).flatMap { _ in items }
  }

  /// The value as a floating-point number, where it is a number.
  func number(_ value: TemplateValue) -> Double? {
    if case .float(let number) = value { return number }
    return value.integer.map(Double.init)
  }

  private func compute(_ first: Int, _ operation: TemplateOperator, _ second: Int) throws -> TemplateValue {
    func checked(_ result: (partialValue: Int, overflow: Bool)) throws -> TemplateValue {
      if result.overflow { throw error("an integer of more than 64 bits", .limitExceeded) }
      return .integer(result.partialValue)
    }
    switch operation {
    case .add: return try checked(first.addingReportingOverflow(second))
    case .subtract: return try checked(first.subtractingReportingOverflow(second))
    case .multiply: return try checked(first.multipliedReportingOverflow(by: second))
    case .divide:
      guard second != 0 else { throw error("division by zero") }
      return .float(Double(first) / Double(second))
    case .floorDivide, .modulo:
      guard second != 0 else { throw error("integer division or modulo by zero") }
      guard second != -1 else {
        return operation == .modulo ? .integer(0) : try checked(0.subtractingReportingOverflow(first))
      }
      let (quotient, remainder) = first.quotientAndRemainder(dividingBy: second)
      let isAdjusted = remainder != 0 && (remainder < 0) != (second < 0)
      if operation == .modulo { return .integer(isAdjusted ? remainder + second : remainder) }
      return .integer(isAdjusted ? quotient - 1 : quotient)
    case .power:
      guard second >= 0 else {
        guard first != 0 else { throw error("0.0 cannot be raised to a negative power") }
        return .float(pow(Double(first), Double(second)))
      }
      var result = (partialValue: 1, overflow: false)
      if first == 0 || first == 1 || first == -1 {
        return .integer(second == 0 ? 1 : first == -1 && second.isMultiple(of: 2) ? 1 : first)
      }
      for _ in 0..<min(second, 64) where !result.overflow {
        result = result.partialValue.multipliedReportingOverflow(by: first)
      }
      return try checked((result.partialValue, result.overflow || second > 64))
    }
  }

  private func compute(_ first: Double, _ operation: TemplateOperator, _ second: Double) throws -> TemplateValue {
    switch operation {
    case .add: return .float(first + second)
    case .subtract: return .float(first - second)
    case .multiply: return .float(first * second)
    case .divide:
      guard second != 0 else { throw error("float division by zero") }
      return .float(first / second)
    case .floorDivide, .modulo:
      guard second != 0 else { throw error("float modulo") }
      var remainder = fmod(first, second)
      var quotient = (first - remainder) / second
      if remainder != 0 {
        if (second < 0) != (remainder < 0) {
          remainder += second
          quotient -= 1
        }
      } else {
        remainder = Double(signOf: second, magnitudeOf: 0)
      }
      if operation == .modulo { return .float(remainder) }
      var whole = quotient.rounded(.down)
      if quotient - whole > 0.5 { whole += 1 }
      return .float(quotient == 0 ? Double(signOf: first / second, magnitudeOf: 0) : whole)
    case .power:
      if first == 0 && second < 0 { throw error("0.0 cannot be raised to a negative power") }
      if first < 0 && second != second.rounded() { throw error("complex numbers", .unsupported) }
      let result = pow(first, second)
      if result.isInfinite && first.isFinite && second.isFinite { throw error("Numerical result out of range") }
      return .float(result)
    }
  }

  func negated(_ value: TemplateValue) throws -> TemplateValue {
    if case .undefined(let undefined) = value { throw error(undefined.message) }
    if let integer = value.integer { return try compute(0, .subtract, integer) }
    if case .float(let number) = value { return .float(-number) }
    throw error("bad operand type for unary -: '\(value.typeName)'")
  }

  func positive(_ value: TemplateValue) throws -> TemplateValue {
    if case .undefined(let undefined) = value { throw error(undefined.message) }
    if let integer = value.integer { return .integer(integer) }
    if case .float = value { return value }
    throw error("bad operand type for unary +: '\(value.typeName)'")
  }

  // MARK: Comparisons

  func holds(_ left: TemplateValue, _ comparison: TemplateComparison, _ right: TemplateValue) throws -> Bool {
    switch comparison {
    case .equal: try isEqual(left, right)
    case .notEqual: !(try isEqual(left, right))
    case .contained: try contains(right, left)
    case .notContained: !(try contains(right, left))
    case .less: try precedes(left, right, "<")
    case .greater: try precedes(right, left, ">")
    case .lessOrEqual: try isInOrder(left, right, "<=")
    case .greaterOrEqual: try isInOrder(right, left, ">=")
    }
  }

  /// Python's `==`. Origins of text are not compared.
  func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.text(let first), .text(let second)):
      guard first.count == second.count else { return false }
      try charge(first.count / 64)
      return first == second
    case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)),
      (.range(let first, _, _, _), .range(let second, _, _, _)):
      guard first.items.count == second.items.count else { return false }
      try charge(first.items.count)
      for (one, other) in zip(first.items, second.items) where !(try isEqual(one, other)) { return false }
      return true
    case (.dictionary(let first), .dictionary(let second)):
      guard first.pairs.count == second.pairs.count else { return false }
      for (key, value) in first.pairs {
        try charge(second.pairs.count)
        guard let index = try position(of: key, in: second.pairs),
          try isEqual(value, second.pairs[index].value)
        else { return false }
      }
      return true
    case (.namespace(let first), .namespace(let second)): return first === second
    default:
      if let first = left.integer, let second = right.integer { return first == second }
      if let first = number(left), let second = number(right) { return first == second }
      return false
    }
  }

  /// Python's `<`; `symbol` is how the template wrote it.
  func precedes(_ left: TemplateValue, _ right: TemplateValue, _ symbol: String) throws -> Bool {
    for case .undefined(let undefined) in [left, right] { throw error(undefined.message) }
    switch (left, right) {
    case (.text(let first), .text(let second)): return first < second
    case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
      try charge(min(first.items.count, second.items.count))
      for (one, other) in zip(first.items, second.items) where !(try isEqual(one, other)) {
        return try precedes(one, other, symbol)
      }
      return first.items.count < second.items.count
    default:
      if let first = left.integer, let second = right.integer { return first < second }
      if let first = number(left), let second = number(right) { return first < second }
      throw error("'\(symbol)' not supported between instances of '\(left.typeName)' and '\(right.typeName)'")
    }
  }

  private func isInOrder(_ left: TemplateValue, _ right: TemplateValue, _ symbol: String) throws -> Bool {
    if try precedes(left, right, symbol) { return true }
    return try isEqual(left, right)
  }

  /// `element in container`
  func contains(_ container: TemplateValue, _ element: TemplateValue) throws -> Bool {
    switch container {
    case .text(let text):
      guard case .text(let part) = element else {
        throw error("'in <string>' requires string as left operand, not \(element.typeName)")
      }
      try charge(textBytes: text.count)
      return text.contains(part)
    case .dictionary(let dictionary):
      try checkKey(element)
      try charge(dictionary.pairs.count)
      return try position(of: element, in: dictionary.pairs) != nil
    case .undefined, .list, .tuple, .range, .iterator:
      for item in try iterate(container) where try isEqual(item, element) { return true }
      return false
    default: throw error("argument of type '\(container.typeName)' is not iterable")
    }
  }
}

extension TemplateText {
  /// The text with the characters that mean something in HTML escaped, as Jinja escapes text joined to safe text.
  var escapedForHTML: TemplateText {
    var result = TemplateText()
    forEachScalar { scalar, origin in
      switch scalar {
      case "&": result.append("&amp;", origin)
      case "<": result.append("&lt;", origin)
      case ">": result.append("&gt;", origin)
      case "'": result.append("&#39;", origin)
      case "\"": result.append("&#34;", origin)
      default: result.append(scalar, origin)
      }
    }
    return result
  }
}
