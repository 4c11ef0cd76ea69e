/// The regular expressions of the steps, each written as one left-to-right scan.
extension WordScanner {
  private static let wordOrSpace: ScalarClass = [.letter, .number, .whitespace]

  /// GPT-2's expression.
  @inline(__always) func endOfGPT2Word(from start: Int, limit: Int) -> Int {
    let (first, after) = scalar(at: start)
    if text[start] == UInt8(ascii: "'"), let contraction = endOfContraction(from: start, limit: limit, anyCase: false) {
      return contraction
    }
    if !first.isAny(.whitespace) { return endOfKind(first, from: after, limit: limit) }
    if text[start] == UInt8(ascii: " ") && after < limit {
      let (second, afterSecond) = scalar(at: after)
      if !second.isAny(.whitespace) { return endOfKind(second, from: afterSecond, limit: limit) }
    }
    return endOfSpace(from: start, limit: limit, newlines: false)
  }

  /// The end of the run of letters, of numbers, or of neither, that `first` belongs to.
  @inline(__always) private func endOfKind(_ first: ScalarClass, from start: Int, limit: Int) -> Int {
    if first.isAny(.letter) { return endOfRun(of: .letter, from: start, limit: limit) }
    if first.isAny(.number) { return endOfRun(of: .number, from: start, limit: limit) }
    return endOfRun(without: Self.wordOrSpace, from: start, limit: limit)
  }

  /// The end of white space: `\s*[\r\n]+` where `newlines` says so, else `\s+(?!\S)|\s+`, which leaves the last scalar
  /// before a word to that word.
  private func endOfSpace(from start: Int, limit: Int, newlines: Bool) -> Int {
    var lastStart = start
    var newlineEnd: Int?
    var position = start
    while position < limit {
      let (next, after) = scalar(at: position)
      if !next.isAny(.whitespace) { break }
      if newlines && next.isAny(.newline) { newlineEnd = after }
      lastStart = position
      position = after
    }
    if let newlineEnd { return newlineEnd }
    return position == limit || lastStart == start ? position : lastStart
  }

  /// The end of an English contraction ('s 't 're 've 'm 'll 'd) at `start`.
  private func endOfContraction(from start: Int, limit: Int, anyCase: Bool) -> Int? {
    guard start + 1 < limit, text[start] == UInt8(ascii: "'") else { return nil }
    let fold: UInt8 = anyCase ? 0x20 : 0
    func letter(_ offset: Int) -> UInt8 {
      guard start + offset < limit else { return 0 }
      let byte = text[start + offset]
      return byte < 0x80 ? byte | fold : 0
    }
    switch letter(1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(2) == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return letter(2) == UInt8(ascii: "l") ? start + 3 : nil
    default:
      // LATIN SMALL LETTER LONG S is an s in any case.
      return anyCase && start + 2 < limit && text[start + 1] == 0xC5 && text[start + 2] == 0xBF ? start + 3 : nil
    }
  }

  /// Llama 3's expression and Qwen 2's.
  @inline(__always) func endOfContractionsFirstWord(from start: Int, limit: Int, digits: Int) -> Int {
    let (first, after) = scalar(at: start)
    if first.isAny(.letter) { return endOfRun(of: .letter, from: after, limit: limit) }
    if let contraction = endOfContraction(from: start, limit: limit, anyCase: true) { return contraction }
    if first.isAny(.number) { return endOfGroup(of: .number, from: after, limit: limit, digits - 1) }
    if after < limit && !first.isAny(.newline) {
      let (second, afterSecond) = scalar(at: after)
      if second.isAny(.letter) { return endOfRun(of: .letter, from: afterSecond, limit: limit) }
    }
    return endOfOther(first, from: start, after: after, limit: limit, slashes: false)
  }

  /// ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+` where one of them is known to match, with slashes among the
  /// line breaks where `slashes` says so.
  @inline(__always)
  private func endOfOther(_ first: ScalarClass, from start: Int, after: Int, limit: Int, slashes: Bool) -> Int {
    var other = after
    if first.isAny(.whitespace) {
      guard text[start] == UInt8(ascii: " "), after < limit, !scalar(at: after).0.isAny(Self.wordOrSpace) else {
        return endOfSpace(from: start, limit: limit, newlines: true)
      }
      other = scalar(at: after).after
    }
    return endOfBreaks(
      from: endOfRun(without: Self.wordOrSpace, from: other, limit: limit), limit: limit, slashes: slashes)
  }

  /// The end of `[\r\n]*`, or of `[\r\n/]*`.
  private func endOfBreaks(from start: Int, limit: Int, slashes: Bool) -> Int {
    var position = start
    while position < limit {
      let byte = text[position]
      guard byte == 0x0A || byte == 0x0D || slashes && byte == UInt8(ascii: "/") else { break }
      position += 1
    }
    return position
  }

  /// Tekken's expression and GPT-4o's.
  @inline(__always) func endOfCaseWord(from start: Int, limit: Int, contractions: Bool, digits: Int) -> Int {
    let (first, after) = scalar(at: start)
    if let end = endOfCased(first, from: start, after: after, limit: limit) {
      return contractions ? endOfContraction(from: end, limit: limit, anyCase: true) ?? end : end
    }
    if first.isAny(.number) { return endOfGroup(of: .number, from: after, limit: limit, digits - 1) }
    return endOfOther(first, from: start, after: after, limit: limit, slashes: true)
  }

  /// The end of `[^\r\n\p{L}\p{N}]?U*L+|[^\r\n\p{L}\p{N}]?U+L*`, in the order in which the expression tries them.
  private func endOfCased(_ first: ScalarClass, from start: Int, after: Int, limit: Int) -> Int? {
    let isPrefix = !first.isAny([.newline, .letter, .number])
    let second = isPrefix && after < limit ? cased(from: after, limit: limit) : nil
    if let end = second?.endingLow { return end }
    let own = first.isAny([.letter, .mark]) ? cased(from: start, limit: limit) : nil
    return own?.endingLow ?? second?.endingHigh ?? own?.endingHigh
  }

  /// The ends of `U*L+` and of `U+L*` at `start`.
  private func cased(from start: Int, limit: Int) -> (endingLow: Int?, endingHigh: Int?) {
    var position = start
    // After the last scalar of the U* that could be the L+ instead.
    var lastCaseless: Int?
    while position < limit {
      let (next, after) = scalar(at: position)
      if !next.isAny([.upper, .caseless, .mark]) { break }
      if !next.isAny(.upper) { lastCaseless = after }
      position = after
    }
    let low = endOfRun(of: [.lower, .caseless, .mark], from: position, limit: limit)
    if low > position { return (low, low) }
    return (lastCaseless, position > start ? position : nil)
  }

  /// DeepSeek-V3's expression: `[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|`
  /// ` ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
  func endOfDeepSeekMatch(at start: Int, limit: Int) -> Int? {
    let (first, after) = scalar(at: start)
    if first.isAny([.letter, .mark]) { return endOfRun(of: [.letter, .mark], from: after, limit: limit) }
    let signs: ScalarClass = [.punctuation, .symbol]
    if after < limit {
      if text[start] < 0x80 && first.isAny(signs) && isASCIILetter(after) {
        var position = after + 1
        while position < limit && isASCIILetter(position) { position += 1 }
        return position
      }
      let (second, afterSecond) = scalar(at: after)
      if !first.isAny([.newline, .punctuation, .symbol]) && second.isAny([.letter, .mark]) {
        return endOfRun(of: [.letter, .mark], from: afterSecond, limit: limit)
      }
      if text[start] == UInt8(ascii: " ") && second.isAny(signs) {
        return endOfBreaks(from: endOfRun(of: signs, from: afterSecond, limit: limit), limit: limit, slashes: false)
      }
    }
    if first.isAny(signs) {
      return endOfBreaks(from: endOfRun(of: signs, from: after, limit: limit), limit: limit, slashes: false)
    }
    return first.isAny(.whitespace) ? endOfSpace(from: start, limit: limit, newlines: true) : nil
  }

  private func isASCIILetter(_ position: Int) -> Bool {
    let byte = text[position] | 0x20
    return text[position] < 0x80 && UInt8(ascii: "a") <= byte && byte <= UInt8(ascii: "z")
  }
}
