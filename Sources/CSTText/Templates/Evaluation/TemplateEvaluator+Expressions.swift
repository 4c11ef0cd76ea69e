extension TemplateEvaluator {
  func evaluate(_ expression: TemplateExpression, in scope: TemplateScope) throws -> TemplateValue {
    switch expression {
    case .none: .none
    case .boolean(let value): .boolean(value)
    case .integer(let value): .integer(value)
    case .float(let value): .float(value)
    case .text(let text): .text(text)
    case .name(let symbol): scope.find(symbol) ?? .undefined(.variable(program.symbols[symbol]))
    case .captured: captured.last.map { .text($0) } ?? .none
    case .unknownFilter(let name): throw error("No filter named '\(name)'.", .unsupported)
    case .unknownTest(let name): throw error("No test named '\(name)'.", .unsupported)
    default: try nested { try evaluateComposed(expression, in: scope) }
    }
  }

  private func evaluateComposed(_ expression: TemplateExpression, in scope: TemplateScope) throws -> TemplateValue {
    try charge(1)
    switch expression {
    case .attribute(let owner, let name): return try attribute(name, of: try evaluate(owner, in: scope))
    case .item(let owner, let key): return try item(try evaluate(key, in: scope), of: try evaluate(owner, in: scope))
    case .call: return try evaluateCall(expression, caller: nil, in: scope)
    case .filter(let value, let filter, let arguments):
      let value = try evaluate(value, in: scope)
      return try apply(filter, to: value, try evaluate(arguments, in: scope))
    case .test(let value, let test, let arguments):
      let value = try evaluate(value, in: scope)
      return .boolean(try holds(test, for: value, try evaluate(arguments, in: scope)))
    case .not(let operand): return .boolean(!(try evaluate(operand, in: scope).isTrue))
    case .and(let first, let second):
      let value = try evaluate(first, in: scope)
      return value.isTrue ? try evaluate(second, in: scope) : value
    case .or(let first, let second):
      let value = try evaluate(first, in: scope)
      return value.isTrue ? value : try evaluate(second, in: scope)
    case .binary(let first, let operation, let second):
      let left = try evaluate(first, in: scope)
      return try compute(left, operation, try evaluate(second, in: scope))
    case .concatenation(let parts): return try concatenated(parts, in: scope)
    case .comparison(let first, let rest): return try compare(first, rest, in: scope)
    case .conditional(let value, let condition, let otherwise, let line):
      if try evaluate(condition, in: scope).isTrue { return try evaluate(value, in: scope) }
      if let otherwise { return try evaluate(otherwise, in: scope) }
      return .undefined(
        .other("the inline if-expression on line \(line) evaluated to false and no else section was defined."))
    default: return try evaluateLiteral(expression, in: scope)
    }
  }

  private func evaluateLiteral(_ expression: TemplateExpression, in scope: TemplateScope) throws -> TemplateValue {
    switch expression {
    case .list(let items): return try list(try evaluate(items, in: scope))
    case .tuple(let items): return .tuple(try elements(try evaluate(items, in: scope)))
    case .dictionary(let pairs):
      return .dictionary(
        try dictionary(try pairs.map { (try evaluate($0.key, in: scope), try evaluate($0.value, in: scope)) }))
    case .slice(let owner, let start, let stop, let step):
      let owner = try evaluate(owner, in: scope)
      func bound(_ expression: TemplateExpression?) throws -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression, in: scope)
        if case .none = value { return nil }
        guard let integer = value.integer else {
          throw error("slice indices must be integers or None, not \(value.typeName)")
        }
        return integer
      }
      let (first, last) = (try bound(start), try bound(stop))
      return try slice(of: owner, start: first, stop: last, step: try bound(step))
    case .negated(let operand): return try negated(try evaluate(operand, in: scope))
    case .positive(let operand): return try positive(try evaluate(operand, in: scope))
    default: return try evaluate(expression, in: scope)
    }
  }

  private func evaluate(_ items: [TemplateExpression], in scope: TemplateScope) throws -> [TemplateValue] {
    try items.map { try evaluate($0, in: scope) }
  }

  func evaluate(_ arguments: TemplateCallArguments, in scope: TemplateScope) throws -> TemplateArguments {
    TemplateArguments(
      positional: try evaluate(arguments.positional, in: scope),
      named: try arguments.named.map { ($0.name, try evaluate($0.value, in: scope)) })
  }

  /// `a ~ b ~ c`
  private func concatenated(_ parts: [TemplateExpression], in scope: TemplateScope) throws -> TemplateValue {
    var result = TemplateText()
    for part in parts {
      result.append(try text(of: try evaluate(part, in: scope)))
      try charge(textBytes: result.count)
    }
    return .text(result)
  }

  /// `a < b < c`: every neighbour, until one comparison fails.
  private func compare(
    _ first: TemplateExpression, _ rest: [(TemplateComparison, TemplateExpression)], in scope: TemplateScope
  ) throws -> TemplateValue {
    var left = try evaluate(first, in: scope)
    for (comparison, expression) in rest {
      let right = try evaluate(expression, in: scope)
      guard try holds(left, comparison, right) else { return .boolean(false) }
      left = right
    }
    return .boolean(true)
  }

  // MARK: Parts of values

  /// `value.name`: a method before an element, as in Jinja.
  func attribute(_ name: String, of value: TemplateValue) throws -> TemplateValue {
    if let found = try ownAttribute(name, of: value) { return found }
    if case .dictionary(let dictionary) = value {
      try charge(dictionary.pairs.count / 8)
      if let found = dictionary[TemplateText(name, .template)] { return found }
    }
    return .undefined(.attribute(of: value.typeName, name))
  }

  /// `value[key]`: an element before a method.
  func item(_ key: TemplateValue, of value: TemplateValue) throws -> TemplateValue {
    switch value {
    case .undefined(let undefined): throw error(undefined.message)
    case .dictionary(let dictionary):
      try charge(dictionary.pairs.count / 8)
      if case .text(let text) = key {
        if let found = dictionary[text] { return found }
      } else if let index = try position(of: key, in: dictionary.pairs) {
        return dictionary.pairs[index].value
      }
    case .list(let list), .tuple(let list), .range(let list, _, _, _):
      if let index = key.integer {
        let position = index < 0 ? index + list.items.count : index
        if list.items.indices.contains(position) { return list.items[position] }
      }
    case .text(let text):
      if let index = key.integer {
        try charge(textBytes: text.count)
        let offsets = text.characterOffsets
        let position = index < 0 ? index + offsets.count - 1 : index
        if position >= 0 && position < offsets.count - 1 {
          return .text(text.slice(offsets[position]..<offsets[position + 1]))
        }
      }
    default: break
    }
    if case .text(let name) = key {
      if let found = try ownAttribute(name.string, of: value) { return found }
      return .undefined(.attribute(of: value.typeName, name.string))
    }
    return .undefined(.element(of: value.typeName, try representation(of: key).string))
  }

  /// What a value has itself: methods, and the attributes of namespaces and loops.
  private func ownAttribute(_ name: String, of value: TemplateValue) throws -> TemplateValue? {
    var methods: Set<String> = []
    var changing: Set<String> = []
    switch value {
    case .undefined(let undefined): throw error(undefined.message)
    case .namespace(let namespace): return namespace[TemplateText(name, .template)]
    case .loop(let loop): return try attribute(name, of: loop)
    case .text: methods = TemplateMethods.text
    case .dictionary: (methods, changing) = (TemplateMethods.dictionary, TemplateMethods.changingDictionary)
    case .list: (methods, changing) = (TemplateMethods.list, TemplateMethods.changingList)
    case .tuple, .range: methods = TemplateMethods.tuple
    case .function(.macro(let macro, _)):
      return name == "name" ? .text(macro.name) : nil
    default: return nil
    }
    if methods.contains(name) { return .function(.method(value, name)) }
    if changing.contains(name) { return .undefined(.unsafe(name, of: value.typeName)) }
    return nil
  }

  private func attribute(_ name: String, of loop: TemplateLoopState) throws -> TemplateValue? {
    let count = loop.items.count
    switch name {
    case "index": return .integer(loop.index + 1)
    case "index0": return .integer(loop.index)
    case "first": return .boolean(loop.index == 0)
    case "last": return .boolean(loop.index == count - 1)
    case "length": return .integer(count)
    case "revindex": return .integer(count - loop.index)
    case "revindex0": return .integer(count - loop.index - 1)
    // How deep a recursive loop is, which these are not.
    case "depth": return .integer(1)
    case "depth0": return .integer(0)
    case "previtem":
      return loop.index > 0 ? loop.items[loop.index - 1] : .undefined(.other("there is no previous item"))
    case "nextitem":
      return loop.index < count - 1 ? loop.items[loop.index + 1] : .undefined(.other("there is no next item"))
    case "cycle", "changed": return .function(.method(.loop(loop), name))
    default: return nil
    }
  }

  private func slice(of value: TemplateValue, start: Int?, stop: Int?, step: Int?) throws -> TemplateValue {
    if step == 0 { throw error("slice step cannot be zero") }
    func indices(_ count: Int) -> [Int] {
      // A larger step would leave the same elements, and could overflow.
      let step = min(max(step ?? 1, -count - 1), count + 1)
      func clamped(_ bound: Int?, _ otherwise: Int) -> Int {
        guard let bound else { return otherwise }
        let position = bound < 0 ? bound.addingReportingOverflow(count).partialValue : bound
        return step > 0 ? min(max(position, 0), count) : min(max(position, -1), count - 1)
      }
      let first = clamped(start, step > 0 ? 0 : count - 1)
      let last = clamped(stop, step > 0 ? count : -1)
      return Array(stride(from: first, to: last, by: step))
    }
    switch value {
    case .undefined(let undefined): throw error(undefined.message)
    case .text(let text):
      try charge(textBytes: text.count)
      if (step ?? 1) == 1 {
        let offsets = text.characterOffsets
        let chosen = indices(offsets.count - 1)
        guard let first = chosen.first, let last = chosen.last else { return .text("") }
        return .text(text.slice(offsets[first]..<offsets[last + 1]))
      }
      return .text(text.characters(at: indices(text.characterCount)))
    case .list(let all): return try list(indices(all.items.count).map { all.items[$0] })
    case .tuple(let all): return .tuple(try elements(indices(all.items.count).map { all.items[$0] }))
    case .range: throw error("slices of ranges", .unsupported)
    default: return .undefined(.element(of: value.typeName, "slice"))
    }
  }

  /// The elements of a value, in order.
  func iterate(_ value: TemplateValue) throws -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .list(let list), .tuple(let list), .range(let list, _, _, _):
      try charge(list.items.count)
      return list.items
    case .dictionary(let dictionary):
      try charge(dictionary.pairs.count)
      return dictionary.pairs.map(\.key)
    case .iterator(let iterator):
      try charge(iterator.rest.count)
      return iterator.drain()
    case .text(let text):
      try charge(elements: text.characterCount)
      return text.characters.map { .text($0) }
    default: throw error("'\(value.typeName)' object is not iterable")
    }
  }
}
