/// What stands after `is`.
extension TemplateEvaluator {
  func holds(_ test: TemplateTest, for value: TemplateValue, _ arguments: TemplateArguments) throws -> Bool {
    let name = test.rawValue
    func argument() throws -> TemplateValue { try bind(arguments, to: "other", required: 1, of: name)[0] ?? .none }
    switch test {
    case .eq, .equalto: return try isEqual(value, try argument())
    case .ne: return !(try isEqual(value, try argument()))
    case .lt, .lessthan: return try holds(value, .less, try argument())
    case .le: return try holds(value, .lessOrEqual, try argument())
    case .gt, .greaterthan: return try holds(value, .greater, try argument())
    case .ge: return try holds(value, .greaterOrEqual, try argument())
    case .in: return try contains(try argument(), value)
    case .divisibleby: return try isEqual(try compute(value, .modulo, try argument()), .integer(0))
    case .sameas: return try isSame(value, try argument())
    default:
      _ = try bind(arguments, of: name)
      return try holds(test, for: value)
    }
  }

  private func holds(_ test: TemplateTest, for value: TemplateValue) throws -> Bool {
    switch test {
    case .defined: return !value.isUndefined
    case .undefined: return value.isUndefined
    case .none: return value.isNone
    case .boolean: if case .boolean = value { return true } else { return false }
    case .true: if case .boolean(true) = value { return true } else { return false }
    case .false: if case .boolean(false) = value { return true } else { return false }
    case .integer: if case .integer = value { return true } else { return false }
    case .float: if case .float = value { return true } else { return false }
    case .number: return number(value) != nil
    case .string: if case .text = value { return true } else { return false }
    case .mapping: if case .dictionary = value { return true } else { return false }
    case .odd: return try isEqual(try compute(value, .modulo, .integer(2)), .integer(1))
    case .even: return try isEqual(try compute(value, .modulo, .integer(2)), .integer(0))
    case .lower: return isCased(try text(of: value), upper: false)
    case .upper: return isCased(try text(of: value), upper: true)
    case .filter: return TemplateFilter(rawValue: try text(of: value).string) != nil
    case .test: return TemplateTest(try text(of: value).string) != nil
    case .callable: if case .function = value { return true } else { return value.isUndefined }
    case .iterable:
      switch value {
      case .none, .boolean, .integer, .float, .namespace, .function: return false
      default: return true
      }
    default:
      // A sequence has a length and can be subscripted, which views and iterators cannot; what is undefined can.
      switch value {
      case .undefined, .text, .list, .tuple, .dictionary, .range: return true
      default: return false
      }
    }
  }

  /// Python's `is`, where it does not depend on how values are stored.
  private func isSame(_ value: TemplateValue, _ other: TemplateValue) throws -> Bool {
    switch (value, other) {
    case (.none, .none): return true
    case (.boolean(let first), .boolean(let second)): return first == second
    case (.none, _), (.boolean, _), (_, .none), (_, .boolean): return false
    default: throw error("the test sameas for other values than none, true and false", .unsupported)
    }
  }
}
