/// Expressions, with Jinja's precedence: conditional, or, and, not, comparisons, + and -, ~, * / // %, **, signs, and
/// what follows a value.
extension TemplateParser {
  /// An expression, or several with commas between them, which are a tuple.
  mutating func tuple(withConditional: Bool = true, inParentheses: Bool = false) throws -> TemplateExpression {
    var items: [TemplateExpression] = []
    var isTuple = false
    while true {
      if !items.isEmpty { try expect(.comma) }
      if isTupleEnd { break }
      items.append(withConditional ? try expression() : try disjunction())
      guard current.kind == .symbol(.comma) else { break }
      isTuple = true
    }
    if !isTuple {
      if let only = items.first { return only }
      if !inParentheses { throw unexpected(expected: "an expression") }
    }
    return .tuple(items)
  }

  private var isTupleEnd: Bool {
    switch current.kind {
    case .variableEnd, .blockEnd, .symbol(.rightParenthesis), .name("recursive"): true
    default: false
    }
  }

  mutating func expression() throws -> TemplateExpression {
    try enter()
    defer { leave() }
    let line = line
    var value = try disjunction()
    while skip(name: "if") {
      let condition = try disjunction()
      let otherwise = skip(name: "else") ? try expression() : nil
      value = .conditional(value, condition: condition, otherwise: otherwise, line: line)
    }
    return value
  }

  private mutating func disjunction() throws -> TemplateExpression {
    var left = try conjunction()
    while skip(name: "or") { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws -> TemplateExpression {
    var left = try negation()
    while skip(name: "and") { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws -> TemplateExpression {
    guard skip(name: "not") else { return try comparison() }
    try enter()
    defer { leave() }
    return .not(try negation())
  }

  private mutating func comparison() throws -> TemplateExpression {
    let first = try binary(0)
    var rest: [(TemplateComparison, TemplateExpression)] = []
    while let comparison = nextComparison() { rest.append((comparison, try binary(0))) }
    return rest.isEmpty ? first : .comparison(first, rest)
  }

  private mutating func nextComparison() -> TemplateComparison? {
    if case .symbol(let symbol) = current.kind, let comparison = TemplateComparison(rawValue: symbol.rawValue) {
      advance()
      return comparison
    }
    if skip(name: "in") { return .contained }
    guard isName("not"), following.kind == .name("in") else { return nil }
    advance()
    advance()
    return .notContained
  }

  /// Operators by rank: 0 is + and -, 1 is ~, 2 is * / // %, 3 is **. All of them group to the left, as in Jinja.
  private mutating func binary(_ rank: Int) throws -> TemplateExpression {
    guard rank < 4 else { return try unary(withFilters: true) }
    var left = try binary(rank + 1)
    if rank == 1 {
      var parts = [left]
      while skip(.tilde) { parts.append(try binary(2)) }
      return parts.count == 1 ? left : .concatenation(parts)
    }
    while case .symbol(let symbol) = current.kind, let operation = TemplateOperator(rawValue: symbol.rawValue),
      operation.rank == rank
    {
      advance()
      left = .binary(left, operation, try binary(rank + 1))
    }
    return left
  }

  private mutating func unary(withFilters: Bool) throws -> TemplateExpression {
    var value: TemplateExpression
    if current.kind == .symbol(.subtract) || current.kind == .symbol(.add) {
      let isNegative = skip(.subtract)
      if !isNegative { advance() }
      try enter()
      let operand = try unary(withFilters: false)
      leave()
      value = isNegative ? .negated(operand) : .positive(operand)
    } else {
      value = try primary()
    }
    value = try postfix(value)
    return withFilters ? try filtersAndTests(value) : value
  }

  // MARK: Values

  private mutating func primary() throws -> TemplateExpression {
    let token = current
    switch token.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .boolean(true)
      case "false", "False": return .boolean(false)
      case "none", "None": return .none
      default: return .name(reference(name))
      }
    case .string(let first):
      advance()
      var text = first
      while case .string(let next) = current.kind {
        text += next
        advance()
      }
      return .text(TemplateText(text, .template))
    case .integer(let value):
      advance()
      return .integer(value)
    case .float(let value):
      advance()
      return .float(value)
    case .symbol(.leftParenthesis):
      advance()
      try enter()
      defer { leave() }
      let value = try tuple(inParentheses: true)
      try expect(.rightParenthesis)
      return value
    case .symbol(.leftBracket):
      advance()
      return .list(try items(until: .rightBracket))
    case .symbol(.leftBrace):
      advance()
      return try dictionary()
    default: throw unexpected(expected: "an expression")
    }
  }

  private mutating func items(until end: TemplateToken.Symbol) throws -> [TemplateExpression] {
    var items: [TemplateExpression] = []
    while !skip(end) {
      if !items.isEmpty {
        try expect(.comma)
        if skip(end) { break }
      }
      items.append(try expression())
    }
    return items
  }

  private mutating func dictionary() throws -> TemplateExpression {
    var pairs: [(key: TemplateExpression, value: TemplateExpression)] = []
    while !skip(.rightBrace) {
      if !pairs.isEmpty {
        try expect(.comma)
        if skip(.rightBrace) { break }
      }
      let key = try expression()
      try expect(.colon)
      pairs.append((key, try expression()))
    }
    return .dictionary(pairs)
  }

  // MARK: After a value

  private mutating func postfix(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      if skip(.dot) {
        switch current.kind {
        case .name(let name):
          advance()
          value = .attribute(value, name)
        case .integer(let index):
          advance()
          value = .item(value, .integer(index))
        default: throw unexpected(expected: "a name or a number")
        }
      } else if skip(.leftBracket) {
        value = try subscripted(value)
      } else if current.kind == .symbol(.leftParenthesis) {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  private mutating func subscripted(_ value: TemplateExpression) throws -> TemplateExpression {
    func isEnd(_ parser: TemplateParser) -> Bool {
      parser.current.kind == .symbol(.rightBracket) || parser.current.kind == .symbol(.colon)
    }
    let start = current.kind == .symbol(.colon) ? nil : try expression()
    guard skip(.colon) else {
      guard let start else { throw unexpected(expected: "an expression") }
      if current.kind == .symbol(.comma) {
        throw ChatTemplateError(.unsupported, line: line, "subscripts with commas")
      }
      try expect(.rightBracket)
      return .item(value, start)
    }
    let stop = isEnd(self) ? nil : try expression()
    let step = skip(.colon) && !isEnd(self) ? try expression() : nil
    try expect(.rightBracket)
    return .slice(value, start: start, stop: stop, step: step)
  }

  private mutating func call(_ callee: TemplateExpression) throws -> TemplateExpression {
    if case .attribute(_, let name) = callee, TemplateMethods.unsupported.contains(name) {
      throw ChatTemplateError(.unsupported, line: line, "the method \"\(name)\"")
    }
    return .call(callee, try arguments())
  }

  mutating func arguments() throws -> TemplateCallArguments {
    var arguments = TemplateCallArguments()
    try expect(.leftParenthesis)
    var isFirst = true
    while !skip(.rightParenthesis) {
      if !isFirst {
        try expect(.comma)
        if skip(.rightParenthesis) { break }
      }
      isFirst = false
      if current.kind == .symbol(.multiply) || current.kind == .symbol(.power) {
        throw ChatTemplateError(.unsupported, line: line, "arguments unpacked with * or **")
      }
      if case .name(let name) = current.kind, following.kind == .symbol(.assign) {
        guard !arguments.named.contains(where: { $0.name == name }) else {
          throw error("the argument \"\(name)\" is given twice")
        }
        advance()
        advance()
        arguments.named.append((name, try expression()))
      } else {
        guard arguments.named.isEmpty else { throw error("a positional argument after a named one") }
        arguments.positional.append(try expression())
      }
    }
    return arguments
  }

  private mutating func filtersAndTests(_ start: TemplateExpression) throws -> TemplateExpression {
    var value = start
    while true {
      if current.kind == .symbol(.pipe) {
        value = try filterChain(on: value, startsInline: false)
      } else if isName("is") {
        value = try test(value)
      } else if current.kind == .symbol(.leftParenthesis) {
        value = try call(value)
      } else {
        return value
      }
    }
  }

  /// `| name(…) | …`; the first bar is left out where a filter block begins.
  mutating func filterChain(on start: TemplateExpression, startsInline: Bool) throws -> TemplateExpression {
    var value = start
    var isInline = startsInline
    while isInline || skip(.pipe) {
      isInline = false
      let line = line
      let name = try expectName()
      guard !TemplateFilter.unsupported.contains(name) else {
        throw ChatTemplateError(.unsupported, line: line, "the filter \"\(name)\"")
      }
      let arguments = current.kind == .symbol(.leftParenthesis) ? try arguments() : .none
      value = TemplateFilter(rawValue: name).map { .filter(value, $0, arguments) } ?? .unknownFilter(name)
    }
    return value
  }

  private mutating func test(_ value: TemplateExpression) throws -> TemplateExpression {
    advance()
    let isNegated = skip(name: "not")
    let line = line
    let name = try expectName()
    guard !TemplateTest.unsupported.contains(name) else {
      throw ChatTemplateError(.unsupported, line: line, "the test \"\(name)\"")
    }
    var arguments = TemplateCallArguments.none
    switch current.kind {
    case .symbol(.leftParenthesis): arguments = try self.arguments()
    case .name("else"), .name("or"), .name("and"): break
    case .name("is"): throw error("tests with \"is\" cannot be chained")
    case .name, .string, .integer, .float, .symbol(.leftBracket), .symbol(.leftBrace):
      arguments.positional = [try postfix(try primary())]
    default: break
    }
    let result: TemplateExpression = TemplateTest(name).map { .test(value, $0, arguments) } ?? .unknownTest(name)
    return isNegated ? .not(result) : result
  }
}

extension TemplateOperator {
  fileprivate var rank: Int {
    switch self {
    case .add, .subtract: 0
    case .multiply, .divide, .floorDivide, .modulo: 2
    case .power: 3
    }
  }
}
