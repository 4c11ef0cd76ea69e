/// Builds the syntax tree of a template. What is not implemented is refused here, by name and line.
struct TemplateParser {
  private let tokens: [TemplateToken]
  private var index = 0
  private(set) var symbols: [String] = []
  private var symbolIndex: [String: Int] = [:]
  private var nesting = 0
  private var loopDepth = 0
  /// The names used in the macros that are being read, innermost last.
  private var macroNames: [Set<String>] = []
  /// Uses of names of Jinja's functions that are not implemented; an error unless the template assigns them.
  private var calledGlobals: [(name: String, line: Int)] = []
  private var assignedNames: Set<String> = []
  private var usesDate = false

  static func parse(_ source: String) throws(ChatTemplateError) -> TemplateProgram {
    try ChatTemplateError.only { try program(of: source) }
  }

  private static func program(of source: String) throws -> TemplateProgram {
    var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: source))
    for function in TemplateFunctionName.allCases { _ = parser.symbol(function.rawValue) }
    let body = try parser.statements(until: [], of: nil)
    for (name, line) in parser.calledGlobals where !parser.assignedNames.contains(name) {
      throw ChatTemplateError(.unsupported, line: line, "the function \"\(name)\"")
    }
    return TemplateProgram(body: body, symbols: parser.symbols, usesDate: parser.usesDate)
  }

  private init(tokens: [TemplateToken]) { self.tokens = tokens }

  // MARK: Tokens

  var current: TemplateToken { tokens[index] }
  var line: Int { current.line }
  var following: TemplateToken { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() { if index < tokens.count - 1 { index += 1 } }

  func error(_ detail: String, at line: Int? = nil) -> ChatTemplateError {
    ChatTemplateError(.syntax, line: line ?? self.line, detail)
  }

  func unexpected(expected: String) -> ChatTemplateError { error("expected \(expected), found \(current.description)") }

  func isName(_ name: String) -> Bool { current.kind == .name(name) }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    advance()
    return true
  }

  mutating func skip(_ symbol: TemplateToken.Symbol) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func expect(_ symbol: TemplateToken.Symbol) throws {
    guard skip(symbol) else { throw unexpected(expected: "\"\(symbol.rawValue)\"") }
  }

  mutating func expect(name: String) throws {
    guard skip(name: name) else { throw unexpected(expected: name) }
  }

  mutating func expectName() throws -> String {
    guard case .name(let name) = current.kind else { throw unexpected(expected: "a name") }
    advance()
    return name
  }

  mutating func expectBlockEnd() throws {
    guard current.kind == .blockEnd else { throw unexpected(expected: "%}") }
    advance()
  }

  /// Counts a level of brackets or blocks; the caller takes it back with ``leave()``.
  mutating func enter() throws {
    nesting += 1
    guard nesting <= TemplateLimits.sourceNesting else {
      throw ChatTemplateError(
        .limitExceeded, line: line, "more than \(TemplateLimits.sourceNesting) brackets and blocks inside each other")
    }
  }

  mutating func leave() { nesting -= 1 }

  mutating func symbol(_ name: String) -> Int {
    if let known = symbolIndex[name] { return known }
    symbols.append(name)
    symbolIndex[name] = symbols.count - 1
    return symbols.count - 1
  }

  /// The variable `name`, read.
  mutating func reference(_ name: String) -> Int {
    for index in macroNames.indices { macroNames[index].insert(name) }
    if TemplateFunctionName.unsupported.contains(name) { calledGlobals.append((name, line)) }
    if name == TemplateFunctionName.strftimeNow.rawValue { usesDate = true }
    return symbol(name)
  }

  /// The variable `name`, written.
  mutating func assigned(_ name: String) -> Int {
    assignedNames.insert(name)
    return symbol(name)
  }

  // MARK: Blocks

  /// Statements up to a block that begins with one of `ends`, whose name is the current token afterwards.
  private mutating func statements(until ends: [String], of opening: (name: String, line: Int)?)
    throws -> [TemplateStatement]
  {
    try enter()
    defer { leave() }
    var body: [TemplateStatement] = []
    while true {
      switch current.kind {
      case .end:
        guard let opening else { return body }
        throw error(
          "the template ends inside \"\(opening.name)\"; expected \(ends.joined(separator: " or "))", at: opening.line)
      case .data(let bytes):
        body.append(.text(TemplateText(bytes: bytes, .template)))
        advance()
      case .variableBegin:
        let line = line
        advance()
        body.append(.output(try tuple(), line: line))
        guard current.kind == .variableEnd else { throw unexpected(expected: "}}") }
        advance()
      case .blockBegin:
        advance()
        if case .name(let name) = current.kind, ends.contains(name) { return body }
        body.append(try statement())
        try expectBlockEnd()
      default: throw unexpected(expected: "text or a tag")
      }
    }
  }

  /// The rest of an opening block's tag and what it encloses; the closing name is consumed.
  private mutating func block(_ opening: (name: String, line: Int), end: String) throws -> [TemplateStatement] {
    try endOfOpeningTag()
    let body = try statements(until: [end], of: opening)
    advance()
    return body
  }

  private mutating func endOfOpeningTag() throws {
    _ = skip(.colon)
    try expectBlockEnd()
  }

  private mutating func statement() throws -> TemplateStatement {
    let opening = (name: try expectName(), line: line)
    switch opening.name {
    case "if": return try branch(opening)
    case "for": return try loop(opening)
    case "set": return try assignment(opening)
    case "macro": return try macro(opening)
    case "call": return try callBlock(opening)
    case "filter":
      let filters = try filterChain(on: .captured, startsInline: true)
      return .filterBlock(
        filters, body: try outsideOfLoops { try $0.block(opening, end: "endfilter") }, line: opening.line)
    case "with": return try with(opening)
    case "generation":
      return .generation(try outsideOfLoops { try $0.block(opening, end: "endgeneration") })
    case "break", "continue":
      guard loopDepth > 0 else { throw error("\"\(opening.name)\" outside of a loop", at: opening.line) }
      return opening.name == "break" ? .breakLoop : .continueLoop
    case "include", "import", "from", "extends", "block", "autoescape", "print", "trans", "do", "debug":
      throw ChatTemplateError(.unsupported, line: opening.line, "the statement \"\(opening.name)\"")
    default: throw error("unknown statement \"\(opening.name)\"", at: opening.line)
    }
  }

  private mutating func outsideOfLoops<Result>(_ body: (inout TemplateParser) throws -> Result) throws -> Result {
    let depth = loopDepth
    loopDepth = 0
    defer { loopDepth = depth }
    return try body(&self)
  }

  private mutating func branch(_ opening: (name: String, line: Int)) throws -> TemplateStatement {
    var arms: [(condition: TemplateExpression, body: [TemplateStatement])] = []
    while true {
      let condition = try tuple(withConditional: false)
      try endOfOpeningTag()
      let body = try statements(until: ["elif", "else", "endif"], of: opening)
      arms.append((condition, body))
      if skip(name: "elif") { continue }
      if skip(name: "endif") { return .branch(arms, otherwise: [], line: opening.line) }
      try expect(name: "else")
      return .branch(arms, otherwise: try block(opening, end: "endif"), line: opening.line)
    }
  }

  private mutating func loop(_ opening: (name: String, line: Int)) throws -> TemplateStatement {
    let target = try target(allowsAttributes: false)
    try expect(name: "in")
    let items = try tuple(withConditional: false)
    let condition = skip(name: "if") ? try expression() : nil
    if isName("recursive") { throw ChatTemplateError(.unsupported, line: line, "recursive loops") }
    try endOfOpeningTag()
    loopDepth += 1
    let body = try statements(until: ["endfor", "else"], of: opening)
    loopDepth -= 1
    var otherwise: [TemplateStatement] = []
    if skip(name: "else") { otherwise = try block(opening, end: "endfor") } else { advance() }
    return .loop(
      TemplateLoop(
        target: target, items: items, condition: condition, body: body, otherwise: otherwise, line: opening.line))
  }

  private mutating func assignment(_ opening: (name: String, line: Int)) throws -> TemplateStatement {
    let target = try target(allowsAttributes: true)
    if skip(.assign) { return .assign(target, try tuple(), line: opening.line) }
    let filters = try filterChain(on: .captured, startsInline: false)
    let body = try outsideOfLoops { try $0.block(opening, end: "endset") }
    return .assignBlock(target, filters: filters, body: body, line: opening.line)
  }

  private mutating func with(_ opening: (name: String, line: Int)) throws -> TemplateStatement {
    var variables: [(target: TemplateTarget, value: TemplateExpression)] = []
    while current.kind != .blockEnd {
      if !variables.isEmpty { try expect(.comma) }
      let target = try target(allowsAttributes: false)
      try expect(.assign)
      variables.append((target, try expression()))
    }
    return .with(variables, body: try block(opening, end: "endwith"), line: opening.line)
  }

  // MARK: Macros

  private mutating func signature() throws -> [(name: String, symbol: Int, defaultValue: TemplateExpression?)] {
    var parameters: [(name: String, symbol: Int, defaultValue: TemplateExpression?)] = []
    try expect(.leftParenthesis)
    while !skip(.rightParenthesis) {
      if !parameters.isEmpty { try expect(.comma) }
      let name = try expectName()
      let value = skip(.assign) ? try expression() : nil
      if value == nil, let last = parameters.last, last.defaultValue != nil {
        throw error("the parameter \"\(name)\" without a default value follows one with")
      }
      guard !parameters.contains(where: { $0.name == name }) else { throw error("the parameter \"\(name)\" twice") }
      parameters.append((name, assigned(name), value))
    }
    return parameters
  }

  private mutating func macro(_ opening: (name: String, line: Int)) throws -> TemplateStatement {
    let name = try expectName()
    return .macro(
      try macroBody(name: name, symbol: assigned(name), opening, parameters: try signature(), end: "endmacro"))
  }

  private mutating func callBlock(_ opening: (name: String, line: Int)) throws -> TemplateStatement {
    let parameters = current.kind == .symbol(.leftParenthesis) ? try signature() : []
    let call = try expression()
    guard case .call = call else { throw error("expected a call", at: opening.line) }
    return .callBlock(call, try macroBody(name: "caller", symbol: nil, opening, parameters: parameters, end: "endcall"))
  }

  private mutating func macroBody(
    name: String, symbol: Int?, _ opening: (name: String, line: Int),
    parameters: [(name: String, symbol: Int, defaultValue: TemplateExpression?)], end: String
  ) throws -> TemplateMacro {
    macroNames.append([])
    let body = try outsideOfLoops { try $0.block(opening, end: end) }
    let names = macroNames.removeLast()
    for name in names where ["caller", "varargs", "kwargs"].contains(name) { _ = self.symbol(name) }
    return TemplateMacro(
      name: name, symbol: symbol, parameters: parameters, body: body, uses: names, line: opening.line)
  }

  // MARK: Targets

  private mutating func target(allowsAttributes: Bool) throws -> TemplateTarget {
    var targets: [TemplateTarget] = []
    var isTuple = false
    repeat {
      if !targets.isEmpty {
        isTuple = true
        if isName("in") || current.kind == .symbol(.assign) || current.kind == .blockEnd { break }
      }
      targets.append(try singleTarget(allowsAttributes: allowsAttributes))
    } while skip(.comma)
    return targets.count == 1 && !isTuple ? targets[0] : .tuple(targets)
  }

  private mutating func singleTarget(allowsAttributes: Bool) throws -> TemplateTarget {
    if skip(.leftParenthesis) {
      try enter()
      defer { leave() }
      let inner = try target(allowsAttributes: allowsAttributes)
      try expect(.rightParenthesis)
      return inner
    }
    let name = try expectName()
    guard
      !["true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else"].contains(name)
    else { throw error("cannot assign to \"\(name)\"") }
    if allowsAttributes && skip(.dot) { return .attribute(of: reference(name), try expectName()) }
    return .name(assigned(name))
  }
}
