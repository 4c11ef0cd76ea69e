/// A value of a template's run, with the types and rules of Python.
enum TemplateValue {
  case undefined(TemplateUndefined)
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case text(TemplateText)
  case list(TemplateList)
  case tuple(TemplateList)
  case dictionary(TemplateDictionary)
  /// `range(start, stop, step)`, and its elements.
  case range(TemplateList, start: Int, stop: Int, step: Int)
  /// What filters such as `map` give: elements that can be read once, in order.
  case iterator(TemplateIterator)
  case namespace(TemplateNamespace)
  case loop(TemplateLoopState)
  case function(TemplateFunction)

  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .boolean: "bool"
    case .integer: "int"
    case .float: "float"
    case .text: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .range: "range"
    case .iterator(let iterator): iterator.typeName
    case .namespace: "Namespace"
    case .loop: "LoopContext"
    case .function: "function"
    }
  }

  /// Python's truth.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let list), .tuple(let list), .range(let list, _, _, _): !list.items.isEmpty
    case .dictionary(let dictionary): !dictionary.pairs.isEmpty
    case .iterator(let iterator): !iterator.isView || !iterator.rest.isEmpty
    case .namespace, .loop, .function: true
    }
  }

  /// Lists and dictionaries inside each other, this one included.
  var nesting: Int {
    switch self {
    case .list(let list), .tuple(let list): list.nesting
    case .range: 1
    case .dictionary(let dictionary): dictionary.nesting
    case .iterator(let iterator): iterator.nesting
    default: 0
    }
  }

  /// Whether the value may be an element of another, or an attribute of a namespace. What refers to variables may not:
  /// values are trees.
  var canBeElement: Bool {
    switch self {
    case .namespace, .loop, .function: false
    default: true
    }
  }

  static func text(_ text: String) -> TemplateValue { .text(TemplateText(text, .template)) }

  /// The number, where the value is one; booleans are 0 and 1.
  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .boolean(let value): value ? 1 : 0
    default: nil
    }
  }
}

/// Why a value is undefined: what using it says.
indirect enum TemplateUndefined {
  case variable(String)
  case attribute(of: String, String)
  case element(of: String, String)
  case unsafe(String, of: String)
  case other(String)

  var message: String {
    switch self {
    case .variable(let name): "'\(name)' is undefined"
    case .attribute(let type, let name):
      "'\(type == "NoneType" ? "None" : type + " object")' has no attribute '\(name)'"
    case .element(let type, let name): "\(type == "NoneType" ? "None" : type + " object") has no element \(name)"
    case .unsafe(let name, let type): "access to attribute '\(name)' of '\(type)' object is unsafe."
    case .other(let message): message
    }
  }
}

final class TemplateList {
  let items: [TemplateValue]
  let nesting: Int

  init(_ items: [TemplateValue]) {
    self.items = items
    nesting = items.reduce(0) { max($0, $1.nesting) } + 1
  }
}

/// Keys and values in order. Keys are compared one after the other; large dictionaries do not occur in templates, and
/// looking something up counts as steps.
final class TemplateDictionary {
  let pairs: [(key: TemplateValue, value: TemplateValue)]
  let nesting: Int

  init(_ pairs: [(key: TemplateValue, value: TemplateValue)]) {
    self.pairs = pairs
    nesting = pairs.reduce(0) { max($0, $1.key.nesting, $1.value.nesting) } + 1
  }

  convenience init(_ pairs: [(String, TemplateValue)]) {
    self.init(pairs.map { (key: .text($0.0), value: $0.1) })
  }

  subscript(_ key: TemplateText) -> TemplateValue? {
    for (candidate, value) in pairs {
      if case .text(let text) = candidate, text == key { return value }
    }
    return nil
  }
}

/// Elements that are read once, from the front; a view of a dictionary can be read again.
final class TemplateIterator {
  var rest: ArraySlice<TemplateValue>
  let typeName: String
  let isView: Bool
  let nesting: Int

  init(_ items: [TemplateValue], typeName: String = "generator", isView: Bool = false) {
    rest = items[...]
    self.typeName = typeName
    self.isView = isView
    nesting = items.reduce(0) { max($0, $1.nesting) } + 1
  }

  func drain() -> [TemplateValue] {
    defer { if !isView { rest = [] } }
    return Array(rest)
  }
}

/// The one kind of value that can be changed: `namespace(…)`.
final class TemplateNamespace {
  var attributes: [(name: TemplateText, value: TemplateValue)] = []

  subscript(_ name: TemplateText) -> TemplateValue? {
    get { attributes.first { $0.name == name }?.value }
    set {
      guard let newValue else { return }
      if let index = attributes.firstIndex(where: { $0.name == name }) {
        attributes[index].value = newValue
      } else {
        attributes.append((name, newValue))
      }
    }
  }
}

/// What `loop` is inside a loop.
final class TemplateLoopState {
  let items: [TemplateValue]
  var index = 0
  /// What `loop.changed` was called with last.
  var lastChecked: [TemplateValue]?

  init(items: [TemplateValue]) { self.items = items }
}

/// Something that can be called.
indirect enum TemplateFunction {
  case builtIn(TemplateFunctionName)
  case macro(TemplateMacro, TemplateScope)
  case method(TemplateValue, String)
}

/// Variables of one block, and those around it.
final class TemplateScope {
  let parent: TemplateScope?
  private var symbols: [Int] = []
  private var values: [TemplateValue] = []

  init(parent: TemplateScope?) { self.parent = parent }

  /// The variable in this scope or one around it.
  func find(_ symbol: Int) -> TemplateValue? {
    var scope = self
    while true {
      if let index = scope.symbols.firstIndex(of: symbol) { return scope.values[index] }
      guard let parent = scope.parent else { return nil }
      scope = parent
    }
  }

  func set(_ symbol: Int, _ value: TemplateValue) {
    if let index = symbols.firstIndex(of: symbol) {
      values[index] = value
    } else {
      symbols.append(symbol)
      values.append(value)
    }
  }

  /// Forgets the variables: a macro holds the scope it was made in, which holds the macro.
  func removeAll() {
    symbols.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }
}
