/// One rendering of a template: it lives as long as the call that made it.
final class TemplateEvaluator {
  let program: TemplateProgram
  let date: TemplateDate
  /// What has been written so far, or the text of the block that is being captured.
  var output = TemplateText()
  var line = 1
  /// The texts that enclosing `set` and `filter` blocks have captured.
  var captured: [TemplateText] = []
  private var steps = 0
  private var depth = 0
  /// Scopes that macros hold, emptied at the end.
  private var heldScopes: [ObjectIdentifier: TemplateScope] = [:]

  private enum Flow { case normal, breaks, continues }

  init(_ program: TemplateProgram, date: TemplateDate) {
    self.program = program
    self.date = date
  }

  func render(_ variables: [(name: String, value: TemplateValue)]) throws(ChatTemplateError) -> TemplateText {
    let scope = TemplateScope(parent: nil)
    for function in TemplateFunctionName.allCases {
      if let symbol = program.symbol(function.rawValue) { scope.set(symbol, .function(.builtIn(function))) }
    }
    for (name, value) in variables {
      if let symbol = program.symbol(name) { scope.set(symbol, value) }
    }
    defer { heldScopes.values.forEach { $0.removeAll() } }
    try ChatTemplateError.only { _ = try execute(program.body, in: scope) }
    return output
  }

  // MARK: Limits and errors

  func error(_ detail: String, _ reason: ChatTemplateError.Reason = .invalidOperation) -> ChatTemplateError {
    ChatTemplateError(reason, line: line, detail)
  }

  /// Counts work.
  func charge(_ count: Int) throws {
    let (sum, overflow) = steps.addingReportingOverflow(count)
    steps = sum
    guard !overflow, sum <= TemplateLimits.steps else {
      throw error("the template takes more than \(TemplateLimits.steps) steps", .limitExceeded)
    }
  }

  /// Counts work on text, and bounds its size.
  func charge(textBytes: Int) throws {
    guard textBytes <= TemplateLimits.textBytes else {
      throw error("a text of more than \(TemplateLimits.textBytes) bytes", .limitExceeded)
    }
    try charge(textBytes / 64 + 1)
  }

  /// Counts the work of making a text longer, and bounds its size.
  func charge(_ text: TemplateText, grownFrom before: Int) throws {
    guard text.count <= TemplateLimits.textBytes else {
      throw error("a text of more than \(TemplateLimits.textBytes) bytes", .limitExceeded)
    }
    try charge((text.count - before) / 64 + 1)
  }

  func charge(elements: Int) throws {
    guard elements <= TemplateLimits.elements else {
      throw error("a list of more than \(TemplateLimits.elements) elements", .limitExceeded)
    }
    try charge(elements + 1)
  }

  /// Runs something one level deeper.
  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    depth += 1
    defer { depth -= 1 }
    guard depth <= TemplateLimits.depth else {
      throw error("statements, expressions and macros more than \(TemplateLimits.depth) deep", .limitExceeded)
    }
    return try body()
  }

  // MARK: Making values

  func list(_ items: [TemplateValue]) throws -> TemplateValue { .list(try elements(items)) }

  func elements(_ items: [TemplateValue]) throws -> TemplateList {
    try charge(elements: items.count)
    for item in items { try checkElement(item) }
    let list = TemplateList(items)
    try checkNesting(list.nesting)
    return list
  }

  func dictionary(_ pairs: [(key: TemplateValue, value: TemplateValue)]) throws -> TemplateDictionary {
    var kept: [(key: TemplateValue, value: TemplateValue)] = []
    for (key, value) in pairs {
      try checkKey(key)
      try checkElement(value)
      try charge(kept.count + 1)
      if let index = try position(of: key, in: kept) { kept[index].value = value } else { kept.append((key, value)) }
    }
    let dictionary = TemplateDictionary(kept)
    try checkNesting(dictionary.nesting)
    return dictionary
  }

  func position(of key: TemplateValue, in pairs: [(key: TemplateValue, value: TemplateValue)]) throws -> Int? {
    for index in pairs.indices where try isEqual(pairs[index].key, key) { return index }
    return nil
  }

  func checkKey(_ key: TemplateValue) throws {
    switch key {
    case .list, .dictionary: throw error("unhashable type: '\(key.typeName)'")
    case .tuple(let list): for item in list.items { try checkKey(item) }
    case .none, .boolean, .integer, .float, .text: break
    default: throw error("a key of type \(key.typeName)", .unsupported)
    }
  }

  func checkElement(_ value: TemplateValue) throws {
    guard value.canBeElement else { throw error("a \(value.typeName) inside another value", .unsupported) }
  }

  private func checkNesting(_ nesting: Int) throws {
    guard nesting <= TemplateLimits.valueNesting else {
      throw error("more than \(TemplateLimits.valueNesting) lists and dictionaries inside each other", .limitExceeded)
    }
  }

  // MARK: Statements

  private func execute(_ body: [TemplateStatement], in scope: TemplateScope) throws -> Flow {
    try nested {
      for statement in body {
        try charge(1)
        let flow = try execute(statement, in: scope)
        if flow != .normal { return flow }
      }
      return .normal
    }
  }

  private func execute(_ statement: TemplateStatement, in scope: TemplateScope) throws -> Flow {
    switch statement {
    case .text(let text): try write(text)
    case .output(let expression, let line):
      self.line = line
      try write(try text(of: try evaluate(expression, in: scope)))
    case .branch(let arms, let otherwise, let line):
      for (condition, body) in arms {
        self.line = line
        if try evaluate(condition, in: scope).isTrue { return try execute(body, in: scope) }
      }
      return try execute(otherwise, in: scope)
    case .loop(let loop): try run(loop, in: scope)
    case .assign(let target, let expression, let line):
      self.line = line
      try assign(try evaluate(expression, in: scope), to: target, in: scope)
    case .assignBlock(let target, let filters, let body, let line):
      try assign(try filtered(body, by: filters, line: line, in: scope), to: target, in: scope)
    case .filterBlock(let filters, let body, let line):
      try write(try text(of: try filtered(body, by: filters, line: line, in: scope)))
    case .with(let variables, let body, let line):
      let inner = TemplateScope(parent: scope)
      self.line = line
      for (target, value) in variables { try assign(try evaluate(value, in: scope), to: target, in: inner) }
      return try execute(body, in: inner)
    case .macro(let macro):
      hold(scope)
      if let symbol = macro.symbol { scope.set(symbol, .function(.macro(macro, scope))) }
    case .callBlock(let call, let macro):
      line = macro.line
      hold(scope)
      try write(try text(of: try evaluateCall(call, caller: .function(.macro(macro, scope)), in: scope)))
    case .generation(let body): _ = try execute(body, in: TemplateScope(parent: scope))
    case .breakLoop: return .breaks
    case .continueLoop: return .continues
    }
    return .normal
  }

  private func hold(_ scope: TemplateScope) { heldScopes[ObjectIdentifier(scope)] = scope }

  private func write(_ text: TemplateText) throws {
    try charge(text.count / 64)
    output.append(text)
    guard output.count <= TemplateLimits.textBytes else {
      throw error("a rendering of more than \(TemplateLimits.textBytes) bytes", .limitExceeded)
    }
  }

  private func filtered(
    _ body: [TemplateStatement], by filters: TemplateExpression, line: Int, in scope: TemplateScope
  ) throws -> TemplateValue {
    captured.append(try capture(body, in: TemplateScope(parent: scope)))
    defer { captured.removeLast() }
    self.line = line
    return try evaluate(filters, in: scope)
  }

  /// What a body writes, instead of writing it.
  func capture(_ body: [TemplateStatement], in scope: TemplateScope) throws -> TemplateText {
    let outer = output
    output = TemplateText()
    defer { output = outer }
    _ = try execute(body, in: scope)
    return output
  }

  private func run(_ loop: TemplateLoop, in scope: TemplateScope) throws {
    line = loop.line
    var items = try iterate(try evaluate(loop.items, in: scope))
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for item in items {
        let inner = TemplateScope(parent: scope)
        try assign(item, to: loop.target, in: inner)
        if try evaluate(condition, in: inner).isTrue { kept.append(item) }
      }
      items = kept
    }
    guard !items.isEmpty else {
      _ = try execute(loop.otherwise, in: TemplateScope(parent: scope))
      return
    }
    let state = TemplateLoopState(items: items)
    let loopSymbol = program.symbol("loop")
    for (index, item) in items.enumerated() {
      state.index = index
      line = loop.line
      let inner = TemplateScope(parent: scope)
      if let loopSymbol { inner.set(loopSymbol, .loop(state)) }
      try assign(item, to: loop.target, in: inner)
      if try execute(loop.body, in: inner) == .breaks { break }
    }
  }

  func assign(_ value: TemplateValue, to target: TemplateTarget, in scope: TemplateScope) throws {
    switch target {
    case .name(let symbol): scope.set(symbol, value)
    case .attribute(let symbol, let name):
      guard case .namespace(let namespace)? = scope.find(symbol) else {
        throw error("cannot assign attribute on non-namespace object")
      }
      try setAttribute(TemplateText(name, .template), of: namespace, to: value)
    case .tuple(let targets):
      let items = try iterate(value)
      guard items.count == targets.count else {
        throw error("expected \(targets.count) values to unpack, found \(items.count)")
      }
      for (target, item) in zip(targets, items) { try assign(item, to: target, in: scope) }
    }
  }

  func setAttribute(_ name: TemplateText, of namespace: TemplateNamespace, to value: TemplateValue) throws {
    guard name.bytes.first != UInt8(ascii: "_") else {
      throw error("namespaces cannot have attributes that begin with an underscore, such as \(name.string)")
    }
    try checkElement(value)
    try charge(namespace.attributes.count / 8 + 1)
    namespace[name] = value
  }
}
