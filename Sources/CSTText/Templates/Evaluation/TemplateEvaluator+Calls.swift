extension TemplateEvaluator {
  /// A call as it is written; `caller` is the block of a `call` statement.
  func evaluateCall(_ call: TemplateExpression, caller: TemplateValue?, in scope: TemplateScope)
    throws -> TemplateValue
  {
    guard case .call(let callee, let arguments) = call else { return try evaluate(call, in: scope) }
    let function: TemplateValue
    switch callee {
    case .attribute(let owner, let name): function = try attribute(name, of: try evaluate(owner, in: scope))
    default: function = try evaluate(callee, in: scope)
    }
    var evaluated = try evaluate(arguments, in: scope)
    if let caller { evaluated.named.append(("caller", caller)) }
    return try self.call(function, evaluated)
  }

  private func call(_ function: TemplateValue, _ arguments: TemplateArguments) throws -> TemplateValue {
    switch function {
    case .undefined(let undefined): throw error(undefined.message)
    case .function(.builtIn(let name)): return try call(name, arguments)
    case .function(.macro(let macro, let scope)):
      return try nested { try call(macro, arguments, in: scope) }
    case .function(.method(let receiver, let name)):
      switch receiver {
      case .text(let text): return try call(name, of: text, arguments)
      case .dictionary(let dictionary): return try call(name, of: dictionary, arguments)
      case .list(let list), .tuple(let list), .range(let list, _, _, _):
        return try call(name, of: list, arguments)
      case .loop(let loop): return try call(name, of: loop, arguments)
      default: throw error("'\(receiver.typeName)' object has no method '\(name)'")
      }
    default: throw error("'\(function.typeName)' object is not callable")
    }
  }

  // MARK: Functions

  private func call(_ function: TemplateFunctionName, _ arguments: TemplateArguments) throws -> TemplateValue {
    switch function {
    case .raiseException:
      let bound = try bind(arguments, to: "message", required: 1, of: "raise_exception")
      throw error(try text(of: bound[0] ?? .none).string, .refusedByTemplate)
    case .strftimeNow:
      let bound = try bind(arguments, to: "format", required: 1, of: "strftime_now")
      return .text(try formattedDate(try plainText(bound[0] ?? .none, for: "the format of strftime_now")))
    case .range: return try range(arguments)
    case .dict: return .dictionary(try dictionary(try attributes(arguments, of: "dict")))
    case .namespace:
      let namespace = TemplateNamespace()
      for (key, value) in try attributes(arguments, of: "namespace") {
        try setAttribute(try plainText(key, for: "the name of an attribute"), of: namespace, to: value)
      }
      return .namespace(namespace)
    }
  }

  private func range(_ arguments: TemplateArguments) throws -> TemplateValue {
    guard arguments.named.isEmpty, (1...3).contains(arguments.positional.count) else {
      throw error("range() takes from 1 to 3 positional arguments")
    }
    let numbers = try arguments.positional.map { try integer($0, for: "an argument of range") }
    let start = numbers.count == 1 ? 0 : numbers[0]
    let stop = numbers.count == 1 ? numbers[0] : numbers[1]
    let step = numbers.count == 3 ? numbers[2] : 1
    guard step != 0 else { throw error("range() arg 3 must not be zero") }
    let (distance, overflow) =
      step > 0 ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
    let count = overflow ? .max : distance <= 0 ? 0 : (distance - 1) / (step == .min ? .max : abs(step)) + 1
    try charge(elements: count)
    let items = (0..<count).map { TemplateValue.integer(start &+ $0 &* step) }
    return .range(TemplateList(items), start: start, stop: stop, step: step)
  }

  /// What `dict` and `namespace` are made from: pairs, or another dictionary, and named arguments.
  private func attributes(_ arguments: TemplateArguments, of callee: String) throws
    -> [(key: TemplateValue, value: TemplateValue)]
  {
    guard arguments.positional.count <= 1 else { throw error("\(callee) expected at most 1 argument") }
    var pairs: [(key: TemplateValue, value: TemplateValue)] = []
    if case .dictionary(let dictionary)? = arguments.positional.first {
      pairs = dictionary.pairs
    } else if let source = arguments.positional.first {
      for item in try iterate(source) {
        let pair = try iterate(item)
        guard pair.count == 2 else { throw error("\(callee) expects pairs, found \(pair.count) elements") }
        pairs.append((pair[0], pair[1]))
      }
    }
    return pairs + arguments.named.map { (key: .text($0.name), value: $0.value) }
  }

  // MARK: Macros

  private func call(_ macro: TemplateMacro, _ arguments: TemplateArguments, in scope: TemplateScope)
    throws -> TemplateValue
  {
    let inner = TemplateScope(parent: scope)
    var named = arguments.named
    func take(_ name: String) -> TemplateValue? {
      named.firstIndex { $0.name == name }.map { named.remove(at: $0).value }
    }
    let count = macro.parameters.count
    var isCallerBound = arguments.positional.count >= count && macro.parameters.contains { $0.name == "caller" }
    for (index, parameter) in macro.parameters.enumerated() {
      let value: TemplateValue
      if index < arguments.positional.count {
        value = arguments.positional[index]
      } else if let given = take(parameter.name) {
        value = given
      } else if let standard = parameter.defaultValue {
        value = try evaluate(standard, in: inner)
      } else {
        value = .undefined(.other("parameter '\(parameter.name)' was not provided"))
      }
      if parameter.name == "caller" { isCallerBound = true }
      inner.set(parameter.symbol, value)
    }
    if macro.uses.contains("caller") && !isCallerBound, let symbol = program.symbol("caller") {
      inner.set(symbol, take("caller") ?? .undefined(.other("No caller defined")))
    }
    if macro.uses.contains("kwargs"), let symbol = program.symbol("kwargs") {
      inner.set(symbol, .dictionary(try dictionary(named.map { (key: .text($0.name), value: $0.value) })))
    } else if let extra = named.first {
      throw error("macro '\(macro.name)' takes no keyword argument '\(extra.name)'")
    }
    let rest = Array(arguments.positional.dropFirst(count))
    if macro.uses.contains("varargs"), let symbol = program.symbol("varargs") {
      inner.set(symbol, .tuple(try elements(rest)))
    } else if !rest.isEmpty {
      throw error("macro '\(macro.name)' takes not more than \(count) argument(s)")
    }
    let line = line
    defer { self.line = line }
    return .text(try capture(macro.body, in: inner))
  }

  // MARK: Methods of loops

  private func call(_ name: String, of loop: TemplateLoopState, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    if name == "cycle" {
      guard !arguments.positional.isEmpty else { throw error("no items for cycling given") }
      return arguments.positional[loop.index % arguments.positional.count]
    }
    var isSame = loop.lastChecked?.count == arguments.positional.count
    for (last, value) in zip(loop.lastChecked ?? [], arguments.positional) where isSame {
      isSame = try isEqual(last, value)
    }
    for value in arguments.positional { try checkElement(value) }
    loop.lastChecked = arguments.positional
    return .boolean(!isSame)
  }
}
