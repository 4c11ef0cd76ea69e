/// Finds the words of valid UTF-8 text by a pre-tokenizer's steps, left to right, each scalar looked at a bounded number
/// of times.
///
/// Words may end inside a scalar where a step cuts bytes.
struct WordScanner {
  let text: UnsafeBufferPointer<UInt8>
  private let classes: ScalarClasses.View
  private let steps: [SplittingStep]
  /// Where the piece of each step ends that holds the next word.
  private var ends: [Int]

  init(_ rule: PreTokenizer, text: UnsafeBufferPointer<UInt8>, classes: ScalarClasses.View) {
    self.text = text
    self.classes = classes
    steps = rule.steps
    ends = [Int](repeating: 0, count: steps.count)
  }

  /// The end of the word that begins at `start`; `limit` is where the text to be cut ends.
  /// - Precondition: `start < limit`; `start` is where the last word ended, or a later place on a scalar boundary.
  @inline(__always) mutating func endOfWord(from start: Int, limit: Int) -> Int {
    if steps.count == 1 { return end(of: steps[0], from: start, limit: limit) }
    var bound = limit
    for index in steps.indices {
      if ends[index] <= start { ends[index] = end(of: steps[index], from: start, limit: bound) }
      bound = ends[index]
    }
    return bound
  }

  /// The end of the piece that begins at `start` when a step cuts what is between `start` and `limit`.
  private func end(of step: SplittingStep, from start: Int, limit: Int) -> Int {
    switch step {
    case .gpt2: return endOfGPT2Word(from: start, limit: limit)
    case .contractionsFirst(let digits): return endOfContractionsFirstWord(from: start, limit: limit, digits: digits)
    case .caseChanges(let contractions, let digits):
      return endOfCaseWord(from: start, limit: limit, contractions: contractions, digits: digits)
    case .numericBytes: return endOfBytes(from: start, limit: limit)
    case .deepSeek3, .each, .runs, .spacedRuns, .groups, .threeDigits, .trailingSpace:
      if let end = match(step, at: start, limit: limit) { return end }
    }
    // What is between two matches is a piece of its own.
    var position = start
    repeat {
      position = skip(step, from: position, limit: limit)
    } while position < limit && match(step, at: position, limit: limit) == nil
    return min(position, limit)
  }

  /// The next place after `position` where a match may begin, given that none begins at `position`.
  private func skip(_ step: SplittingStep, from position: Int, limit: Int) -> Int {
    var (scalar, after) = scalar(at: position)
    if step == .trailingSpace {
      // White space that does not reach the end has no match at its later places either.
      while scalar.isAny(.whitespace) && after < limit { (scalar, after) = self.scalar(at: after) }
    }
    return after
  }

  /// The end of a step's match at `start`, or nil where there is none.
  @inline(__always) private func match(_ step: SplittingStep, at start: Int, limit: Int) -> Int? {
    let (first, after) = scalar(at: start)
    switch step {
    case .each(let wanted): return first.isAny(wanted) ? after : nil
    case .runs(let wanted): return first.isAny(wanted) ? endOfRun(of: wanted, from: after, limit: limit) : nil
    case .groups(let wanted): return first.isAny(wanted) ? endOfGroup(of: wanted, from: after, limit: limit, 2) : nil
    case .spacedRuns(let wanted):
      if first.isAny(.whitespace) && after < limit {
        let (second, afterSecond) = scalar(at: after)
        if second.isAny(wanted) { return endOfRun(of: wanted, from: afterSecond, limit: limit) }
      }
      return first.isAny(wanted) ? endOfRun(of: wanted, from: after, limit: limit) : nil
    case .threeDigits:
      return start + 3 <= limit && isDigit(start) && isDigit(start + 1) && isDigit(start + 2) ? start + 3 : nil
    case .trailingSpace:
      return first.isAny(.whitespace) && endOfRun(of: .whitespace, from: after, limit: limit) == limit ? limit : nil
    case .deepSeek3: return endOfDeepSeekMatch(at: start, limit: limit)
    case .gpt2, .contractionsFirst, .caseChanges, .numericBytes: return nil
    }
  }

  private func isDigit(_ position: Int) -> Bool {
    UInt8(ascii: "0") <= text[position] && text[position] <= UInt8(ascii: "9")
  }

  /// The end of the run of bytes that are, or are not, numeric in the byte-level alphabet.
  private func endOfBytes(from start: Int, limit: Int) -> Int {
    func isNumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE: true
      default: false
      }
    }
    let kind = isNumeric(text[start])
    var position = start + 1
    while position < limit && isNumeric(text[position]) == kind { position += 1 }
    return position
  }

  // MARK: - Scalars and runs

  /// The classes of the scalar at a position and the position after it. Inside a scalar that a step has cut, its bytes
  /// have no class.
  @inline(__always) func scalar(at position: Int) -> (ScalarClass, after: Int) {
    let lead = UInt32(text[position])
    if lead < 0x80 { return (classes[lead], position + 1) }
    let count = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard position + count <= text.count else { return ([], position + 1) }
    switch count {
    case 2: return (classes[(lead & 0x1F) << 6 | continuation(position + 1)], position + 2)
    case 3:
      return (classes[(lead & 0x0F) << 12 | continuation(position + 1) << 6 | continuation(position + 2)], position + 3)
    case 4:
      let value = (lead & 0x07) << 18 | continuation(position + 1) << 12 | continuation(position + 2) << 6
      return (classes[value | continuation(position + 3)], position + 4)
    default: return ([], position + 1)
    }
  }

  @inline(__always) private func continuation(_ position: Int) -> UInt32 { UInt32(text[position]) & 0x3F }

  /// The end of the run of scalars that have one of `classes`.
  @inline(__always) func endOfRun(of classes: ScalarClass, from start: Int, limit: Int) -> Int {
    var position = start
    while position < limit {
      let (next, after) = scalar(at: position)
      if !next.isAny(classes) { break }
      position = after
    }
    return position
  }

  /// The end of the run of scalars that have none of `classes`.
  @inline(__always) func endOfRun(without classes: ScalarClass, from start: Int, limit: Int) -> Int {
    var position = start
    while position < limit {
      let (next, after) = scalar(at: position)
      if next.isAny(classes) { break }
      position = after
    }
    return position
  }

  /// The end of a run of at most `count` scalars.
  @inline(__always) func endOfGroup(of classes: ScalarClass, from start: Int, limit: Int, _ count: Int) -> Int {
    var position = start
    var left = count
    while position < limit && left > 0 {
      let (next, after) = scalar(at: position)
      if !next.isAny(classes) { break }
      position = after
      left -= 1
    }
    return position
  }
}
