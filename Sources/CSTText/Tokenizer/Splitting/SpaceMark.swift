/// `▁` (U+2581), which SentencePiece writes for a space. Vocabularies and text are compared with spaces in its place.
enum SpaceMark {
  /// Its UTF-8.
  static let bytes: [UInt8] = [0xE2, 0x96, 0x81]

  /// Appends UTF-8 text with a space for every mark.
  static func appendUnmarked(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
    for byte in text {
      output.append(byte)
      if byte == 0x81 && output.count >= 3 && output[output.count - 2] == 0x96 && output[output.count - 3] == 0xE2 {
        output.removeLast(3)
        output.append(0x20)
      }
    }
  }
}
