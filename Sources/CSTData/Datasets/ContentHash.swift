/// A 64-bit hash of texts and numbers, the same on every machine and in every run.
///
/// It stands for a text where keeping the text would cost too much memory: two of a million different texts have the same
/// hash with a probability of about 3·10⁻⁸. It is not made to withstand texts chosen to collide.
struct ContentHash: Hashable {
  /// The hash of everything combined so far.
  private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The hash of some parts in order. Texts that are divided differently give different hashes.
  static func of(_ parts: UInt64...) -> UInt64 {
    var hash = ContentHash()
    for part in parts { hash.combine(part) }
    return hash.value
  }

  /// The hash of a text's UTF-8 bytes. Canonically equivalent texts of different bytes have different hashes.
  static func of(_ text: String) -> UInt64 {
    var hash = ContentHash()
    hash.combine(text)
    return hash.value
  }

  mutating func combine(_ bits: UInt64) {
    value = (value ^ bits) &* 0xFF51_AFD7_ED55_8CCD
    value ^= value >> 32
    value = value &* 0xC4CE_B9FE_1A85_EC53
    value ^= value >> 29
  }

  mutating func combine(_ text: String) {
    var text = text
    text.withUTF8 { combine(UnsafeRawBufferPointer($0)) }
  }

  private mutating func combine(_ bytes: UnsafeRawBufferPointer) {
    combine(UInt64(bytes.count))
    var offset = 0
    while offset + 8 <= bytes.count {
      combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    if offset < bytes.count {
      var tail: UInt64 = 0
      for byte in bytes[offset...] { tail = tail << 8 | UInt64(byte) }
      combine(tail)
    }
  }
}
