struct TemplateArguments {
  var positional: [TemplateValue] = []
  var named: [(name: String, value: TemplateValue)] = []
}

extension TemplateEvaluator {
  /// The arguments by the names of parameters; `nil` where one is not given.
  func bind(_ arguments: TemplateArguments, to parameters: String..., required: Int = 0, of callee: String)
    throws -> [TemplateValue?]
  {
    guard arguments.positional.count <= parameters.count else {
      throw error("\(callee)() takes at most \(parameters.count) arguments, found \(arguments.positional.count)")
    }
    var bound: [TemplateValue?] = arguments.positional
    bound += [TemplateValue?](repeating: nil, count: parameters.count - bound.count)
    for (name, value) in arguments.named {
      guard let index = parameters.firstIndex(of: name), index >= arguments.positional.count else {
        throw error("\(callee)() got an unexpected keyword argument '\(name)'")
      }
      bound[index] = value
    }
    for index in 0..<required where bound[index] == nil {
      throw error("\(callee)() misses the argument '\(parameters[index])'")
    }
    return bound
  }

  func integer(_ value: TemplateValue, for what: String) throws -> Int {
    if case .undefined(let undefined) = value { throw error(undefined.message) }
    guard let integer = value.integer else { throw error("\(what) must be an integer, not \(value.typeName)") }
    return integer
  }

  func plainText(_ value: TemplateValue, for what: String) throws -> TemplateText {
    guard case .text(let text) = value else { throw error("\(what) must be str, not \(value.typeName)") }
    return text
  }
}

extension TemplateValue {
  var isNone: Bool {
    if case .none = self { true } else { false }
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }
}
