/// The plain text of a provenanced text in one buffer, and the added tokens that stand between its parts.
struct GatheredText {
  /// An added token and where it stands.
  private struct Found {
    /// The offset of the plain text that follows it.
    var offset: Int
    var id: Int32
    /// Whether it was found in normalised text.
    var isNormalized: Bool
    /// Whether the plain text before it begins with the space that is put before text.
    var hasPrefix = false
  }

  /// Plain text followed by an added token, or by the end.
  struct Run {
    var start: Int
    var end: Int
    var token: Int32?
  }

  private(set) var bytes: [UInt8] = []
  private var found: [Found] = []
  /// The last token takes the white space that follows it.
  private var stripsNext = false
  /// Spaces are no white space to it: they were written as `▁` when it was found.
  private var stripKeepsSpaces = false
  private let normalizer: TextNormalizer

  init(normalizer: TextNormalizer) { self.normalizer = normalizer }

  var tokens: [Int32] { found.map(\.id) }

  mutating func append(content: String) {
    var content = content
    content.withUTF8 { append(plain: $0[...]) }
  }

  /// Appends template text: its plain text to the bytes, its added tokens to the tokens.
  mutating func append(template: String, _ added: AddedTokens) {
    var template = template
    template.withUTF8 { text in
      var plainStart = 0
      while let (start, token) = added.literal.next(in: text, from: plainStart) {
        append(part: text[plainStart..<start], added)
        append(token, isNormalized: false)
        plainStart = start + token.bytes.count
      }
      append(part: text[plainStart...], added)
    }
  }

  /// Appends template text without literal tokens; tokens of normalised text are found in it.
  private mutating func append(part: Slice<UnsafeBufferPointer<UInt8>>, _ added: AddedTokens) {
    guard !added.normalized.isEmpty, !part.isEmpty else { return append(plain: part) }
    // A space before the run stands before the part that begins it, and may belong to a token there.
    let beginsRun = bytes.count == found.last?.offset ?? 0
    let hasPrefix = normalizer.spacePrefix == .everySegment && beginsRun && !(found.last?.isNormalized ?? false)
    let searched = normalizer.searched(UnsafeBufferPointer(rebasing: part), hasPrefix: hasPrefix)
    searched.withUnsafeBufferPointer { text in
      // The space before a run is added when the run is normalised.
      var plainStart = hasPrefix ? SpaceMark.bytes.count : 0
      guard var match = added.normalized.next(in: text, from: 0) else { return append(plain: part) }
      while true {
        // What is left is the space alone where the token begins with another one.
        let isPrefixAlone = hasPrefix && match.start == SpaceMark.bytes.count
        if isPrefixAlone {
          append(plain: text[..<match.start])
        } else if match.start > plainStart {
          append(plain: text[plainStart..<match.start])
        }
        append(match.token, isNormalized: true)
        if isPrefixAlone { found[found.count - 1].hasPrefix = true }
        plainStart = match.start + match.token.bytes.count
        guard let next = added.normalized.next(in: text, from: plainStart) else { break }
        match = next
      }
      append(plain: text[plainStart...])
    }
  }

  private mutating func append(_ token: AddedTokens.Token, isNormalized: Bool) {
    let keepsSpaces = isNormalized && normalizer.marksSpaces
    if token.rule.stripsLeft { removeTrailingSpace(after: found.last?.offset ?? 0, keepsSpaces: keepsSpaces) }
    found.append(Found(offset: bytes.count, id: token.id, isNormalized: isNormalized))
    stripsNext = token.rule.stripsRight
    stripKeepsSpaces = keepsSpaces
  }

  private mutating func append(plain text: Slice<UnsafeBufferPointer<UInt8>>) {
    var text = text
    if stripsNext {
      text = text.dropFirst(leadingSpace(text))
      if text.isEmpty { return }
      stripsNext = false
    }
    bytes.append(contentsOf: text)
  }

  private func leadingSpace(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    var count = 0
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      guard scalar.properties.isWhitespace, !(stripKeepsSpaces && scalar == " ") else { break }
      count += UTF8.width(scalar)
    }
    return count
  }

  private mutating func removeTrailingSpace(after start: Int, keepsSpaces: Bool) {
    while bytes.count > start {
      var last = bytes.count - 1
      while last > start && bytes[last] & 0xC0 == 0x80 { last -= 1 }
      guard let scalar = String(decoding: bytes[last...], as: UTF8.self).unicodeScalars.first,
        scalar.properties.isWhitespace, !(keepsSpaces && scalar == " ")
      else { return }
      bytes.removeLast(bytes.count - last)
    }
  }

  /// The normalised text and its runs, each with the token after it. Tokens that are text are found here.
  func normalized(_ textTokens: AddedTokens.TokenSet) -> (text: [UInt8], runs: [Run]) {
    var text: [UInt8] = []
    var runs: [Run] = []
    runs.reserveCapacity(found.count + 1)
    let isDirect = normalizer.isIdentity && textTokens.isEmpty
    if !isDirect { text.reserveCapacity(bytes.count + found.count + 1) }
    var start = 0
    var isFirst = true
    var followsNormalized = false
    bytes.withUnsafeBufferPointer { bytes in
      for index in 0...found.count {
        let token = index < found.count ? found[index] : nil
        let end = token?.offset ?? bytes.count
        if isDirect {
          runs.append(Run(start: start, end: end, token: token?.id))
        } else {
          appendRun(
            UnsafeBufferPointer(rebasing: bytes[start..<end]), token?.id, textTokens, isFirst: isFirst,
            followsNormalized: followsNormalized || token?.hasPrefix ?? false, to: &text, &runs)
        }
        start = end
        isFirst = false
        followsNormalized = token?.isNormalized ?? false
      }
    }
    return (isDirect ? bytes : text, runs)
  }

  private func appendRun(
    _ run: UnsafeBufferPointer<UInt8>, _ token: Int32?, _ textTokens: AddedTokens.TokenSet, isFirst: Bool,
    followsNormalized: Bool, to text: inout [UInt8], _ runs: inout [Run]
  ) {
    var isFirst = isFirst
    var followsNormalized = followsNormalized
    func append(_ part: UnsafeBufferPointer<UInt8>, before token: Int32?) {
      let start = text.count
      let first = part.starts(with: [0xE2, 0x96, 0x81]) && normalizer.isSentencePiece ? 0x20 : part.first
      if normalizer.prefixes(first, isFirst: isFirst, followsNormalized: followsNormalized) { text.append(0x20) }
      normalizer.append(part, to: &text)
      runs.append(Run(start: start, end: text.count, token: token))
    }
    guard !textTokens.isEmpty else { return append(run, before: token) }
    var plainStart = 0
    while let (start, match) = textTokens.next(in: run, from: plainStart) {
      append(UnsafeBufferPointer(rebasing: run[plainStart..<start]), before: match.id)
      plainStart = start + match.bytes.count
      isFirst = false
      followsNormalized = match.rule.isNormalized
    }
    append(UnsafeBufferPointer(rebasing: run[plainStart...]), before: token)
  }
}
