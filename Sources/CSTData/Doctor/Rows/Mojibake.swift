/// Finds text that was UTF-8 once and was read as Windows-1252 or Latin-1: `Ã©` for é, `â€™` for an apostrophe.
enum Mojibake {
  /// The first such place among non-ASCII characters, with what it was, or `nil`.
  ///
  /// The characters are turned back into bytes and those are read as UTF-8. Some sequences of letters are valid UTF-8 by
  /// chance (`ß“` at the end of a German quotation), so one sequence alone counts only where it gives a Latin letter, a
  /// punctuation mark or an emoji; others count from two in a row.
  /// - Parameter run: Consecutive non-ASCII characters.
  static func first(in run: [Unicode.Scalar]) -> (damaged: String, original: String)? {
    guard run.count >= 2, run.contains(where: { (0xC2...0xF4).contains($0.value) }) else { return nil }
    let bytes = run.map(byte)
    var position = 0
    var weak: (start: Int, end: Int, original: String)?
    while position < bytes.count {
      guard let (scalar, length) = sequence(in: bytes, at: position) else {
        weak = nil
        position += 1
        continue
      }
      let end = position + length
      let start = weak?.end == position ? weak?.start ?? position : position
      let original = (weak?.end == position ? weak?.original ?? "" : "") + String(scalar)
      if isTelling(scalar) || start < position {
        var damaged = String.UnicodeScalarView()
        damaged.append(contentsOf: run[start..<end])
        return (String(damaged), original)
      }
      weak = (position, end, original)
      position = end
    }
    return nil
  }

  /// Whether a decoded character alone shows the damage.
  private static func isTelling(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xA0...0xFF, 0x2010...0x203A, 0x20AC, 0x2122, 0xFEFF, 0xFFFD, 0x1F300...0x1FAFF: true
    default: false
    }
  }

  /// The character that the bytes at a place encode in two to four bytes, all of them known.
  private static func sequence(in bytes: [UInt8?], at position: Int) -> (Unicode.Scalar, length: Int)? {
    guard let lead = bytes[position], lead >= 0xC2, lead <= 0xF4 else { return nil }
    let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard position + length <= bytes.count else { return nil }
    let encoded = bytes[position..<position + length].compactMap(\.self)
    guard encoded.count == length, let text = String(validating: encoded, as: UTF8.self),
      let scalar = text.unicodeScalars.first
    else { return nil }
    return (scalar, length)
  }

  /// The byte that Windows-1252 or Latin-1 reads as this character.
  private static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    if (0x80...0xFF).contains(scalar.value) { return UInt8(scalar.value) }
    return windows1252.firstIndex(of: scalar.value).map { UInt8(0x80 + $0) }
  }

  /// What Windows-1252 has in place of Latin-1's controls 0x80…0x9F; 0 where it has nothing.
  private static let windows1252: [UInt32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
    0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E,
    0x0178,
  ]
}
