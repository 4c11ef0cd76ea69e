import Foundation

/// A text as the hashes of its words and of the runs of words in it, for comparing it with others.
///
/// A word is a run of letters and digits in lower case. Words that are canonically equivalent are the same.
struct ShingledText {
  /// The hash of all words in order: equal for texts that differ in letter case, punctuation and spacing only.
  let words: UInt64
  /// The distinct shingles, ascending. A text of no more words than a shingle has is one shingle.
  let shingles: [UInt64]

  /// - Parameter shingleLength: How many consecutive words make a shingle.
  init(_ text: String, shingleLength: Int) {
    let words = Self.wordHashes(of: text)
    self.words = Self.hash(words[...])
    guard words.count > shingleLength else {
      shingles = [self.words]
      return
    }
    var all = (0...words.count - shingleLength).map { Self.hash(words[$0..<$0 + shingleLength]) }
    all.sort()
    var distinct = 1
    for position in 1..<all.count where all[position] != all[distinct - 1] {
      all[distinct] = all[position]
      distinct += 1
    }
    all.removeLast(all.count - distinct)
    shingles = all
  }

  private static func hash(_ words: ArraySlice<UInt64>) -> UInt64 {
    var hash = ContentHash()
    for word in words { hash.combine(word) }
    return hash.value
  }

  private static func wordHashes(of text: String) -> [UInt64] {
    var text = text
    let ascii: [UInt64]? = text.withUTF8 { bytes in
      bytes.allSatisfy { $0 < 0x80 } ? asciiWordHashes(of: bytes) : nil
    }
    return ascii
      ?? composed(text).lowercased().words.map { word in word.utf8.reduce(emptyWord, extend) }
  }

  private static func asciiWordHashes(of bytes: UnsafeBufferPointer<UInt8>) -> [UInt64] {
    var words: [UInt64] = []
    var word = emptyWord
    var isInWord = false
    for byte in bytes {
      let lower = byte | 0x20
      let isLetter = lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
      if isLetter || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) {
        word = extend(word, by: isLetter ? lower : byte)
        isInWord = true
      } else if isInWord {
        words.append(word)
        (word, isInWord) = (emptyWord, false)
      }
    }
    if isInWord { words.append(word) }
    return words
  }

  // FNV-1a; whoever uses a word's hash mixes it further.
  private static let emptyWord: UInt64 = 0xCBF2_9CE4_8422_2325

  private static func extend(_ word: UInt64, by byte: UInt8) -> UInt64 { (word ^ UInt64(byte)) &* 0x100_0000_01B3 }

  /// The text in composed form. Texts without combining marks or compatibility letters, which is most, are as they are.
  private static func composed(_ text: String) -> String {
    let mayDecompose = text.unicodeScalars.contains { $0.value >= 0x300 && !(0x2010...0x205E).contains($0.value) }
    return mayDecompose ? text.precomposedStringWithCanonicalMapping : text
  }
}

extension StringProtocol {
  /// The runs of letters and digits: what a word is wherever texts are compared or judged.
  var words: [SubSequence] { split { !$0.isLetter && !$0.isNumber } }

  /// Whether there is nothing but white space.
  var isBlank: Bool { allSatisfy(\.isWhitespace) }

  /// The text without white space at its ends.
  var trimmed: String {
    guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(self[...last].drop(while: \.isWhitespace))
  }
}
