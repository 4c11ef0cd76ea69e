/// Finding, splitting and replacing, in time linear in the text.
extension TemplateText {
  /// The offsets where `needle` occurs, from the start, overlapping ones too. `needle` is not empty.
  func occurrences(of needle: TemplateText, limit: Int = .max) -> [Int] {
    Self.occurrences(of: needle.bytes, in: bytes, limit: limit)
  }

  private static func occurrences(of needle: [UInt8], in text: [UInt8], limit: Int) -> [Int] {
    guard needle.count <= text.count, let first = needle.first else { return [] }
    var found: [Int] = []
    if needle.count == 1 {
      for (offset, byte) in text.enumerated() where byte == first {
        found.append(offset)
        if found.count == limit { break }
      }
      return found
    }
    // Knuth, Morris and Pratt: border[i] is the length of the longest proper border of the needle's first i bytes.
    var border = [Int](repeating: 0, count: needle.count + 1)
    var length = 0
    for index in 1..<needle.count {
      while length > 0 && needle[length] != needle[index] { length = border[length] }
      if needle[length] == needle[index] { length += 1 }
      border[index + 1] = length
    }
    length = 0
    for (offset, byte) in text.enumerated() {
      while length > 0 && (length == needle.count || needle[length] != byte) { length = border[length] }
      if needle[length] == byte { length += 1 }
      if length == needle.count {
        found.append(offset + 1 - length)
        if found.count == limit { break }
      }
    }
    return found
  }

  func contains(_ needle: TemplateText) -> Bool { needle.isEmpty || !occurrences(of: needle, limit: 1).isEmpty }

  func hasPrefix(_ prefix: TemplateText) -> Bool { bytes.starts(with: prefix.bytes) }

  func hasSuffix(_ suffix: TemplateText) -> Bool {
    suffix.count <= count && bytes[(count - suffix.count)...].elementsEqual(suffix.bytes)
  }

  /// Occurrences that do not overlap: the leftmost ones, or the rightmost ones from the end.
  func separateOccurrences(of needle: TemplateText, fromEnd: Bool, limit: Int) -> [Int] {
    var chosen: [Int] = []
    if fromEnd {
      var bound = Int.max
      for offset in occurrences(of: needle).reversed() where chosen.count < limit && offset + needle.count <= bound {
        chosen.append(offset)
        bound = offset
      }
      return chosen.reversed()
    }
    var next = 0
    for offset in occurrences(of: needle) where chosen.count < limit && offset >= next {
      chosen.append(offset)
      next = offset + needle.count
    }
    return chosen
  }

  /// The parts between occurrences of a separator that is not empty; at most `limit` cuts.
  func split(by separator: TemplateText, limit: Int, fromEnd: Bool) -> [TemplateText] {
    var parts: [TemplateText] = []
    var start = 0
    for offset in separateOccurrences(of: separator, fromEnd: fromEnd, limit: limit) {
      parts.append(slice(start..<offset))
      start = offset + separator.count
    }
    parts.append(slice(start..<count))
    return parts
  }

  /// The parts between runs of white space, none of them empty; at most `limit` cuts.
  func splitAtWhitespace(limit: Int, fromEnd: Bool) -> [TemplateText] {
    var words: [Range<Int>] = []
    var start: Int?
    var offset = 0
    while offset < count {
      let (scalar, length) = scalar(at: offset)
      if Self.isWhitespace(scalar) {
        if let wordStart = start { words.append(wordStart..<offset) }
        start = nil
      } else if start == nil {
        start = offset
      }
      offset += length
    }
    if let start { words.append(start..<count) }
    guard words.count > limit else { return words.map(slice) }
    if fromEnd {
      return [slice(0..<words[words.count - limit - 1].upperBound)] + words.suffix(limit).map(slice)
    }
    return words.prefix(limit).map(slice) + [slice(words[limit].lowerBound..<count)]
  }

  /// The text with at most `limit` occurrences replaced; an empty `old` stands before every character and at the end.
  func replacing(_ old: TemplateText, with new: TemplateText, limit: Int) -> TemplateText {
    var result = TemplateText()
    var start = 0
    let places =
      old.isEmpty ? Array(characterOffsets.prefix(limit)) : separateOccurrences(of: old, fromEnd: false, limit: limit)
    guard !places.isEmpty else { return self }
    for place in places {
      result.append(self, start..<place)
      result.append(new)
      start = place + old.count
    }
    result.append(self, start..<count)
    return result
  }
}
