/// A template's program: immutable, compiled once, rendered any number of times.
struct TemplateProgram: Sendable {
  let body: [TemplateStatement]
  /// The names of variables; syntax trees hold their positions.
  let symbols: [String]
  /// Whether it asks for the date.
  let usesDate: Bool

  func symbol(_ name: String) -> Int? { symbols.firstIndex(of: name) }
}

indirect enum TemplateStatement: Sendable {
  case text(TemplateText)
  /// `{{ … }}`
  case output(TemplateExpression, line: Int)
  /// `{% if %}`: the first arm whose condition holds, or `otherwise`.
  case branch([(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement], line: Int)
  case loop(TemplateLoop)
  /// `{% set target = value %}`
  case assign(TemplateTarget, TemplateExpression, line: Int)
  /// `{% set target %}…{% endset %}`; the filters read the text as ``TemplateExpression/captured``.
  case assignBlock(TemplateTarget, filters: TemplateExpression, body: [TemplateStatement], line: Int)
  case filterBlock(TemplateExpression, body: [TemplateStatement], line: Int)
  case with([(target: TemplateTarget, value: TemplateExpression)], body: [TemplateStatement], line: Int)
  case macro(TemplateMacro)
  /// `{% call %}`: the call, whose callee finds the block as `caller`.
  case callBlock(TemplateExpression, TemplateMacro)
  /// `{% generation %}`: marks the assistant's part for masks; what it encloses is rendered as it is.
  case generation([TemplateStatement])
  case breakLoop
  case continueLoop
}

/// `{% for target in items if condition %}body{% else %}otherwise{% endfor %}`
struct TemplateLoop: Sendable {
  let target: TemplateTarget
  let items: TemplateExpression
  let condition: TemplateExpression?
  let body: [TemplateStatement]
  let otherwise: [TemplateStatement]
  let line: Int
}

/// A macro, or the body of a call block.
struct TemplateMacro: Sendable {
  let name: String
  /// The variable that holds it; `nil` for a call block.
  let symbol: Int?
  let parameters: [(name: String, symbol: Int, defaultValue: TemplateExpression?)]
  let body: [TemplateStatement]
  /// The variables that the body uses: of these, the call provides `caller`, `varargs` and `kwargs`.
  let uses: Set<String>
  let line: Int
}

/// What can be assigned to.
indirect enum TemplateTarget: Sendable {
  case name(Int)
  case attribute(of: Int, String)
  case tuple([TemplateTarget])
}

indirect enum TemplateExpression: Sendable {
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case text(TemplateText)
  case name(Int)
  /// The text of the block that a filter or `set` block encloses.
  case captured
  case list([TemplateExpression])
  case tuple([TemplateExpression])
  case dictionary([(key: TemplateExpression, value: TemplateExpression)])
  case attribute(TemplateExpression, String)
  case item(TemplateExpression, TemplateExpression)
  case slice(TemplateExpression, start: TemplateExpression?, stop: TemplateExpression?, step: TemplateExpression?)
  case call(TemplateExpression, TemplateCallArguments)
  case filter(TemplateExpression, TemplateFilter, TemplateCallArguments)
  /// A filter that Jinja does not have either: an error when it is reached, as there.
  case unknownFilter(String)
  case test(TemplateExpression, TemplateTest, TemplateCallArguments)
  case unknownTest(String)
  case not(TemplateExpression)
  case and(TemplateExpression, TemplateExpression)
  case or(TemplateExpression, TemplateExpression)
  case negated(TemplateExpression)
  case positive(TemplateExpression)
  case binary(TemplateExpression, TemplateOperator, TemplateExpression)
  case concatenation([TemplateExpression])
  case comparison(TemplateExpression, [(TemplateComparison, TemplateExpression)])
  case conditional(TemplateExpression, condition: TemplateExpression, otherwise: TemplateExpression?, line: Int)
}

struct TemplateCallArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(name: String, value: TemplateExpression)] = []

  static let none = TemplateCallArguments()
}

enum TemplateOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "**"
}

enum TemplateComparison: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not in"
}
