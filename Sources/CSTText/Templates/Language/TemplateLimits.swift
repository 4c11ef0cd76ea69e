/// How much a template may take. Real templates stay far below every one of these.
enum TemplateLimits {
  static let sourceBytes = 1 << 20
  /// Tokens between the marks of one tag; bounds the depth of an expression.
  static let tokensPerTag = 4096
  /// Blocks and brackets inside each other in the source.
  static let sourceNesting = 64
  /// Statements, expressions and macro calls inside each other while rendering.
  static let depth = 256
  /// Statements, expressions, elements of lists and blocks of 64 bytes of text, in one rendering.
  static let steps = 2_000_000
  /// Bytes of one text; the rendering is one.
  static let textBytes = 1 << 25
  /// Elements of a list or a range; Jinja's sandbox has the same bound for ranges.
  static let elements = 100_000
  /// Lists and dictionaries inside each other.
  static let valueNesting = 64
}
