import CSTCore

/// Looks through a text once for damaged characters and control marks.
struct TextScan: Sendable {
  private let marks: ControlMarks
  /// The bytes at which something may begin.
  private let isInteresting: [Bool]

  init(_ marks: ControlMarks) {
    self.marks = marks
    isInteresting = (0..<256).map { byte in
      byte >= 0x7F || byte == UInt8(ascii: "&") || marks.firstBytes[byte]
        || (byte < 0x20 && !Self.isOrdinarySpace(UInt8(byte)))
    }
  }

  /// The first find of every kind in the text.
  func finds(in text: String) -> [(kind: Finding.Kind, detail: String)] {
    var text = text
    return text.withUTF8 { bytes in
      isInteresting.withUnsafeBufferPointer { isInteresting in finds(in: bytes, isInteresting) }
    }
  }

  private func finds(
    in bytes: UnsafeBufferPointer<UInt8>, _ isInteresting: UnsafeBufferPointer<Bool>
  ) -> [(kind: Finding.Kind, detail: String)] {
    var finds: [(kind: Finding.Kind, detail: String)] = []
    func add(_ kind: Finding.Kind, _ detail: @autoclosure () -> String) {
      if !finds.contains(where: { $0.kind == kind }) { finds.append((kind, detail())) }
    }
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      guard isInteresting[Int(byte)] else {
        position += 1
        continue
      }
      if let mark = marks.mark(in: bytes, at: position) { add(mark.kind, "\"\(mark.spelling)\"") }
      if byte >= 0x80 {
        let end = bytes[position...].firstIndex { $0 < 0x80 } ?? bytes.endIndex
        if let damage = Self.damage(in: bytes[position..<end]) { add(.encodingDamage, damage) }
        position = end
        continue
      }
      if byte == UInt8(ascii: "&"), let entity = Self.entity(in: bytes[position...]) {
        add(.encodingDamage, "the HTML entity \"\(entity)\"")
      } else if byte < 0x20 && !Self.isOrdinarySpace(byte) || byte == 0x7F {
        add(.encodingDamage, "the control character \(Self.name(Unicode.Scalar(byte)))")
      }
      position += 1
    }
    return finds
  }

  private static func isOrdinarySpace(_ byte: UInt8) -> Bool { byte == 0x09 || byte == 0x0A || byte == 0x0D }

  /// What is damaged in a run of non-ASCII characters.
  private static func damage(in run: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
    let scalars = Array(String(decoding: run, as: UTF8.self).unicodeScalars)
    for scalar in scalars {
      switch scalar.value {
      case 0xFFFD: return "the replacement character U+FFFD, where something could not be decoded"
      case 0xFEFF: return "a byte order mark, U+FEFF, inside the text"
      case 0x80...0x9F: return "the control character \(name(scalar))"
      default: break
      }
    }
    return Mojibake.first(in: scalars).map { "\"\($0.damaged)\", which was \"\($0.original)\" once" }
  }

  private static func name(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// Entities that texts copied from pages have; others are left alone, because `&x;` may be code.
  private static let entityNames: Set<String> = [
    "amp", "lt", "gt", "quot", "apos", "nbsp", "lsquo", "rsquo", "ldquo", "rdquo", "ndash", "mdash", "hellip", "copy",
    "reg", "euro", "deg", "eacute", "egrave", "agrave", "ouml", "auml", "uuml", "szlig", "ccedil", "ntilde",
  ]

  private static func entity(in text: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
    guard let end = text.prefix(10).firstIndex(of: UInt8(ascii: ";")) else { return nil }
    let name = String(decoding: text[(text.startIndex + 1)..<end], as: UTF8.self)
    let isNumber =
      name.hasPrefix("#x") || name.hasPrefix("#X")
      ? UInt32(name.dropFirst(2), radix: 16) != nil : name.hasPrefix("#") && UInt32(name.dropFirst()) != nil
    return isNumber || entityNames.contains(name) ? "&\(name);" : nil
  }
}
