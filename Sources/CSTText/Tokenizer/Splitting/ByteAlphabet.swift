/// The GPT-2 byte alphabet: every byte has one printable character, so that vocabularies can be written as text.
///
/// Printable ASCII and Latin-1 stand for themselves; the other 68 bytes are U+0100, U+0101 … in order.
struct ByteAlphabet {
  /// The byte of each scalar below 324, or -1 where the scalar is not in the alphabet.
  private let byteOfScalar: [Int16]
  /// The scalar of each byte.
  private let scalarOfByte: [UInt16]

  init() {
    var bytes = [Int16](repeating: -1, count: 324)
    var scalars = [UInt16](repeating: 0, count: 256)
    var next = 256
    for byte in 0..<256 {
      let printable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
      let scalar = printable ? byte : next
      if !printable { next += 1 }
      bytes[scalar] = Int16(byte)
      scalars[byte] = UInt16(scalar)
    }
    byteOfScalar = bytes
    scalarOfByte = scalars
  }

  /// Appends the bytes that `spelling` stands for.
  /// - Returns: the first scalar outside the alphabet, or `nil` when all are in it.
  func decode(_ spelling: some Sequence<Unicode.Scalar>, into bytes: inout [UInt8]) -> Unicode.Scalar? {
    for scalar in spelling {
      guard scalar.value < 324, byteOfScalar[Int(scalar.value)] >= 0 else { return scalar }
      bytes.append(UInt8(byteOfScalar[Int(scalar.value)]))
    }
    return nil
  }

  /// The spelling of `bytes` in the alphabet.
  func spelling(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes {
      if let scalar = Unicode.Scalar(scalarOfByte[Int(byte)]) { text.append(scalar) }
    }
    return String(text)
  }
}
