/// Cuts a template's source into tokens, with the white-space rules that Hugging Face sets for chat templates: the line
/// break after a block is dropped (`trim_blocks`), white space before a block that begins a line is dropped
/// (`lstrip_blocks`), and so is one line break at the end of the template.
struct TemplateLexer {
  private(set) var tokens: [TemplateToken] = []
  let source: [UInt8]
  var position = 0
  var line = 1
  /// Whether what came before the current text ended a line.
  private var isAtLineStart = true

  static func tokens(of source: String) throws -> [TemplateToken] {
    var lexer = TemplateLexer(source)
    guard lexer.source.count <= TemplateLimits.sourceBytes else {
      throw ChatTemplateError(
        .limitExceeded, "\(lexer.source.count) bytes of source; a template has at most \(TemplateLimits.sourceBytes)")
    }
    while lexer.position < lexer.source.count { try lexer.lexText() }
    lexer.add(.end)
    return lexer.tokens
  }

  private init(_ text: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var wasReturn = false
    for byte in text.utf8 {
      if byte == 0x0D { bytes.append(0x0A) } else if !(byte == 0x0A && wasReturn) { bytes.append(byte) }
      wasReturn = byte == 0x0D
    }
    if bytes.last == 0x0A { bytes.removeLast() }
    source = bytes
  }

  func error(_ reason: ChatTemplateError.Reason, _ detail: String) -> ChatTemplateError {
    ChatTemplateError(reason, line: line, detail)
  }

  mutating func add(_ kind: TemplateToken.Kind) { tokens.append(TemplateToken(kind: kind, line: line)) }

  func byte(at offset: Int) -> UInt8? { offset < source.count ? source[offset] : nil }

  func has(_ text: StaticString, at offset: Int) -> Bool {
    guard offset + text.utf8CodeUnitCount <= source.count else { return false }
    return text.withUTF8Buffer { source[offset..<offset + $0.count].elementsEqual($0) }
  }

  /// Moves on to `end`, counting lines.
  mutating func advance(to end: Int) {
    for byte in source[position..<end] where byte == 0x0A { line += 1 }
    position = end
  }

  /// The end of the white space that begins at `offset`.
  func endOfWhitespace(from offset: Int) -> Int {
    var end = offset
    while let length = whitespaceLength(at: end) { end += length }
    return end
  }

  private func whitespaceLength(at offset: Int) -> Int? {
    guard let first = byte(at: offset) else { return nil }
    if first < 0x80 { return TemplateText.isWhitespace(Unicode.Scalar(first)) ? 1 : nil }
    var decoder = UTF8()
    var rest = source[offset...].prefix(4).makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&rest), TemplateText.isWhitespace(scalar) else { return nil }
    return UTF8.width(scalar)
  }

  // MARK: Outside of tags

  private enum Tag { case variable, block, comment }

  /// Text up to the next tag, and the tag.
  private mutating func lexText() throws {
    var start = position
    var found: Tag?
    while start + 1 < source.count && found == nil {
      if source[start] == UInt8(ascii: "{") {
        switch source[start + 1] {
        case UInt8(ascii: "{"): found = .variable
        case UInt8(ascii: "%"): found = .block
        case UInt8(ascii: "#"): found = .comment
        default: break
        }
      }
      if found == nil { start += 1 }
    }
    guard let tag = found else {
      add(.data(Array(source[position...])))
      advance(to: source.count)
      return
    }
    addText(to: start, beforeVariable: tag == .variable)
    position += 2
    let sign = byte(at: position)
    if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { position += 1 }
    switch tag {
    case .comment: try skipComment()
    case .variable:
      add(.variableBegin)
      try lexTag(isBlock: false)
    case .block:
      if let end = endOfRawBegin() {
        advance(to: end)
        try lexRaw()
      } else {
        add(.blockBegin)
        try lexTag(isBlock: true)
      }
    }
  }

  /// Adds the text before a tag that begins at `tag`, without the white space its sign or the line's start drops.
  private mutating func addText(to tag: Int, beforeVariable: Bool) {
    var end = tag
    let sign = byte(at: tag + 2)
    let text = TemplateText(bytes: source[position..<tag], .template)
    if sign == UInt8(ascii: "-") {
      end = position + text.stripped(.end).count
    } else if sign != UInt8(ascii: "+") && !beforeVariable {
      let lineStart = text.bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      if lineStart > 0 || isAtLineStart {
        if text.slice(lineStart..<text.count).stripped(.both).isEmpty { end = position + lineStart }
      }
    }
    if end > position { add(.data(Array(source[position..<end]))) }
    advance(to: tag)
  }

  private mutating func skipComment() throws {
    var end = position
    while end < source.count {
      if has("+#}", at: end) { return finishTag(end + 3) }
      if has("-#}", at: end) { return finishTag(endOfWhitespace(from: end + 3)) }
      if has("#}", at: end) { return finishTag(byte(at: end + 2) == 0x0A ? end + 3 : end + 2) }
      end += 1
    }
    throw error(.syntax, "a comment without an end; expected #}")
  }

  /// Goes on behind a tag.
  mutating func finishTag(_ end: Int) {
    isAtLineStart = end > 0 && source[end - 1] == 0x0A
    advance(to: end)
  }

  // MARK: Raw blocks

  /// The end of `raw %}`, where the block that just began is one.
  private func endOfRawBegin() -> Int? {
    var end = endOfWhitespace(from: position)
    guard has("raw", at: end) else { return nil }
    end = endOfWhitespace(from: end + 3)
    if has("-%}", at: end) { return endOfWhitespace(from: end + 3) }
    return has("%}", at: end) ? end + 2 : nil
  }

  private mutating func lexRaw() throws {
    isAtLineStart = position > 0 && source[position - 1] == 0x0A
    var start = position
    while start < source.count {
      if has("{%", at: start) {
        var end = start + 2
        if let sign = byte(at: end), sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { end += 1 }
        end = endOfWhitespace(from: end)
        if has("endraw", at: end) {
          end = endOfWhitespace(from: end + 6)
          if let end = endOfBlock(at: end) {
            addText(to: start, beforeVariable: false)
            return finishTag(end)
          }
        }
      }
      start += 1
    }
    throw error(.syntax, "a raw block without an end; expected {% endraw %}")
  }

  /// The end of a block's closing mark and the white space it takes with it.
  func endOfBlock(at offset: Int) -> Int? {
    if has("+%}", at: offset) { return offset + 3 }
    if has("-%}", at: offset) { return endOfWhitespace(from: offset + 3) }
    guard has("%}", at: offset) else { return nil }
    return byte(at: offset + 2) == 0x0A ? offset + 3 : offset + 2
  }

  func endOfVariable(at offset: Int) -> Int? {
    if has("-}}", at: offset) { return endOfWhitespace(from: offset + 3) }
    return has("}}", at: offset) ? offset + 2 : nil
  }
}
