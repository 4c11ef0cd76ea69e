struct TemplateToken: Sendable {
  enum Kind: Sendable, Equatable {
    case data([UInt8])
    case variableBegin, variableEnd, blockBegin, blockEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    case symbol(Symbol)
    case end
  }

  enum Symbol: String, Sendable, CaseIterable {
    case add = "+"
    case subtract = "-"
    case divide = "/"
    case floorDivide = "//"
    case multiply = "*"
    case modulo = "%"
    case power = "**"
    case tilde = "~"
    case leftBracket = "["
    case rightBracket = "]"
    case leftParenthesis = "("
    case rightParenthesis = ")"
    case leftBrace = "{"
    case rightBrace = "}"
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    case assign = "="
    case dot = "."
    case colon = ":"
    case pipe = "|"
    case comma = ","
    case semicolon = ";"
  }

  var kind: Kind
  var line: Int

  /// The token as it may stand in a message.
  var description: String {
    switch kind {
    case .data: "text"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .name(let name): name
    case .string(let text): TokenizerError.quote(text)
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .symbol(let symbol): symbol.rawValue
    case .end: "the end of the template"
    }
  }
}
