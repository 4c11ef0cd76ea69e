/// The text as a sequence of characters, which are Unicode scalars as in Python.
extension TemplateText {
  /// The scalar that begins at a byte offset, and its length. The text is valid UTF-8.
  func scalar(at offset: Int) -> (scalar: Unicode.Scalar, length: Int) {
    let first = bytes[offset]
    if first < 0x80 { return (Unicode.Scalar(first), 1) }
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    var value = UInt32(first) & (0xFF >> UInt32(length + 1))
    for index in 1..<length { value = value << 6 | UInt32(bytes[offset + index] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }

  var characterCount: Int { bytes.reduce(into: 0) { $0 += $1 & 0xC0 == 0x80 ? 0 : 1 } }

  /// The byte offset where every character begins, and the end.
  var characterOffsets: [Int] {
    var offsets: [Int] = []
    offsets.reserveCapacity(bytes.count + 1)
    for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 { offsets.append(offset) }
    offsets.append(bytes.count)
    return offsets
  }

  func forEachScalar(_ body: (Unicode.Scalar, Origin) -> Void) {
    for (range, origin) in runs {
      var offset = range.lowerBound
      while offset < range.upperBound {
        let (scalar, length) = scalar(at: offset)
        body(scalar, origin)
        offset += length
      }
    }
  }

  var scalars: [Unicode.Scalar] {
    var all: [Unicode.Scalar] = []
    all.reserveCapacity(bytes.count)
    forEachScalar { scalar, _ in all.append(scalar) }
    return all
  }

  /// The characters at `indices` (in characters), in that order.
  func characters(at indices: some Sequence<Int>) -> TemplateText {
    let offsets = characterOffsets
    var result = TemplateText()
    for index in indices { result.append(self, offsets[index]..<offsets[index + 1]) }
    result.isMarkup = isMarkup
    return result
  }

  var characters: [TemplateText] {
    let offsets = characterOffsets
    return (0..<offsets.count - 1).map { slice(offsets[$0]..<offsets[$0 + 1]) }
  }

  // MARK: Case

  var uppercased: TemplateText { mapped { scalar, _ in scalar.properties.uppercaseMapping } }

  var lowercased: TemplateText {
    // A capital sigma is final after a cased letter and before none; that needs the neighbours.
    guard bytes.contains(0xCE), string.unicodeScalars.contains("Σ") else {
      return mapped { scalar, _ in scalar.properties.lowercaseMapping }
    }
    let all = scalars
    return mapped { scalar, index in
      guard scalar == "Σ" else { return scalar.properties.lowercaseMapping }
      func isCased(_ side: some Sequence<Unicode.Scalar>) -> Bool {
        side.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
      }
      return isCased(all[..<index].reversed()) && !isCased(all[(index + 1)...]) ? "ς" : "σ"
    }
  }

  /// The first character in title case, the others in lower case.
  var capitalized: TemplateText {
    guard !isEmpty else { return self }
    let first = scalar(at: 0).scalar
    var result = TemplateText(first.properties.titlecaseMapping, origin(at: 0))
    let lower = lowercased
    let firstLower = first.properties.lowercaseMapping.utf8.count
    result.append(lower, min(firstLower, lower.count)..<lower.count)
    result.isMarkup = isMarkup
    return result
  }

  /// Python's `str.title`: every letter after something without case in title case, the others in lower case.
  var titlecased: TemplateText {
    var isInWord = false
    return mapped { scalar, _ in
      let properties = scalar.properties
      defer { isInWord = properties.isCased }
      return isInWord ? properties.lowercaseMapping : properties.titlecaseMapping
    }
  }

  /// Jinja's filter `title`: the first character of every word in upper case, the others in lower case.
  var titledWords: TemplateText {
    var isAtStart = true
    return mapped { scalar, _ in
      if Self.isWhitespace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
        isAtStart = true
        return String(scalar)
      }
      defer { isAtStart = false }
      return isAtStart ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
    }
  }

  private func mapped(_ transform: (Unicode.Scalar, Int) -> String) -> TemplateText {
    var result = TemplateText()
    var index = 0
    forEachScalar { scalar, origin in
      result.append(transform(scalar, index), origin)
      index += 1
    }
    result.isMarkup = isMarkup
    return result
  }

  // MARK: White space

  static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Which ends of a text are stripped.
  enum Side { case both, start, end }

  /// The text without characters at its ends that are white space, or in `set`.
  func stripped(_ side: Side, of set: Set<Unicode.Scalar>? = nil) -> TemplateText {
    func isStripped(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? Self.isWhitespace(scalar) }
    var start = 0
    var end = bytes.count
    while side != .end && start < end {
      let (scalar, length) = scalar(at: start)
      guard isStripped(scalar) else { break }
      start += length
    }
    while side != .start && end > start {
      var last = end - 1
      while bytes[last] & 0xC0 == 0x80 { last -= 1 }
      guard isStripped(scalar(at: last).scalar) else { break }
      end = last
    }
    return start == 0 && end == bytes.count ? self : slice(start..<end)
  }

  /// The lines of the text without their ends, as Python's `str.splitlines`.
  func lines(keepingEnds: Bool) -> [TemplateText] {
    var result: [TemplateText] = []
    var start = 0
    var offset = 0
    while offset < bytes.count {
      let (scalar, length) = scalar(at: offset)
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        var next = offset + length
        if scalar == "\r" && next < bytes.count && bytes[next] == 0x0A { next += 1 }
        result.append(slice(start..<(keepingEnds ? next : offset)))
        start = next
        offset = next
      default: offset += length
      }
    }
    if start < bytes.count { result.append(slice(start..<bytes.count)) }
    return result
  }
}
