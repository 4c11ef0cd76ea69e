#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

extension Tokenizer {
  /// The ids of a text whose pieces know who wrote them.
  ///
  /// Added tokens are recognised inside single template pieces, the longest at the leftmost place. What lies between
  /// two of them, template and content together, is cut and merged as one text, so that content gets the ids it would
  /// have in the reference's rendering of the same conversation.
  ///
  /// - Complexity: O(n log n) in the text's bytes at worst, about linear for text with words.
  public func encode(_ text: ProvenancedText) -> [Int32] {
    var gathered = GatheredText()
    for piece in text.pieces {
      switch piece {
      case .content(let content): gathered.bytes.append(contentsOf: content.utf8)
      case .template(let template): gather(template, into: &gathered)
      }
    }
    return encode(gathered)
  }

  /// The ids of plain text: none of them is a control or other added token, whatever the text says.
  ///
  /// - Complexity: as for ``encode(_:)``.
  public func encode(content: String) -> [Int32] { encode([.content(content)]) }

  /// The ids of text written by a template: added tokens are recognised in it. Never pass text from outside.
  ///
  /// - Complexity: as for ``encode(_:)``.
  public func encode(template: String) -> [Int32] { encode([.template(template)]) }

  /// The ids of a prompt and of what follows it, split in token space: together they are the ids of the whole text, and
  /// the prompt's are those it has on its own, when a model is asked to continue it.
  ///
  /// - Throws: ``TokenizerError`` with reason `tokenAcrossSeam` when the whole text has a token that is partly prompt
  ///   and partly completion (an answer that begins with two line breaks after `assistant\n`, for example).
  /// - Complexity: as for ``encode(_:)``.
  public func encode(
    prompt: ProvenancedText, completion: ProvenancedText
  ) throws(TokenizerError) -> (prompt: [Int32], completion: [Int32]) {
    let promptIDs = encode(prompt)
    let ids = encode(prompt + completion)
    guard ids.starts(with: promptIDs) else {
      let place = zip(ids, promptIDs).prefix { $0 == $1 }.count
      let token = place < ids.count ? TokenizerError.quote(decode([ids[place]])) : "nothing"
      throw TokenizerError(
        .tokenAcrossSeam, at: "token \(place)",
        "the prompt's last tokens change when the completion follows (\(token) spans both); "
          + "remove whitespace from the completion's start")
    }
    return (promptIDs, Array(ids[promptIDs.count...]))
  }

  /// Plain text in one buffer, and the added tokens that stand between its parts.
  private struct GatheredText {
    var bytes: [UInt8] = []
    /// Each token with the offset of the plain text that follows it.
    var tokens: [(offset: Int, id: Int32)] = []
  }

  /// Appends a template piece: its plain text to the bytes, its added tokens to the tokens.
  private func gather(_ template: String, into gathered: inout GatheredText) {
    var template = template
    template.withUTF8 { text in
      var plainStart = 0
      var position = 0
      while position < text.count {
        guard let match = added.match(at: text[position...]) else {
          position += 1
          continue
        }
        gathered.bytes.append(contentsOf: text[plainStart..<position])
        gathered.tokens.append((gathered.bytes.count, match.id))
        position += match.count
        plainStart = position
      }
      gathered.bytes.append(contentsOf: text[plainStart...])
    }
  }

  /// Cuts and merges the plain parts and puts the added tokens between them.
  private func encode(_ gathered: GatheredText) -> [Int32] {
    var output: [Int32] = []
    output.reserveCapacity(gathered.bytes.count / 3 + gathered.tokens.count)
    gathered.bytes.withUnsafeBufferPointer { text in
      classes.withView { classes in
        merges.withView { merges in
          vocabulary.byteIDs.withUnsafeBufferPointer { byteIDs in
            let words = PreTokenizer.Words(rule: preTokenizer, text: text, classes: classes)
            var merger = BytePairMerger(merges: merges, byteIDs: byteIDs)
            var seen = SeenWords(textCount: text.count)
            var position = 0
            func encodePlain(to limit: Int) {
              while position < limit {
                let end = words.endOfWord(from: position, limit: limit)
                seen.encode(position..<end, of: text, with: &merger, into: &output)
                position = end
              }
            }
            for token in gathered.tokens {
              encodePlain(to: token.offset)
              output.append(token.id)
            }
            encodePlain(to: text.count)
          }
        }
      }
    }
    return output
  }
}

/// Remembers where a word was seen before in this very text, so that its ids are copied instead of merged again.
///
/// A direct-mapped table of bounded size that belongs to one call: a collision forgets the older word.
private struct SeenWords {
  private struct Entry {
    var start: UInt32 = 0
    var count: UInt32 = 0
    var outputStart: UInt32 = 0
    var outputCount: UInt32 = 0
  }

  /// Longer words repeat too rarely to be worth comparing.
  private static let longestWord = 32
  private static let maximumSize = 1 << 14

  private var entries: [Entry]

  init(textCount: Int) {
    var size = 0
    // Positions are kept in 32 bits; a larger text is encoded without the table.
    if textCount >= 64 && textCount < Int(UInt32.max) {
      size = 64
      while size < Self.maximumSize && size * 8 < textCount { size *= 2 }
    }
    entries = [Entry](repeating: Entry(), count: size)
  }

  @inline(__always)
  mutating func encode(
    _ word: Range<Int>, of text: UnsafeBufferPointer<UInt8>, with merger: inout BytePairMerger,
    into output: inout [Int32]
  ) {
    let bytes = UnsafeBufferPointer(rebasing: text[word])
    guard bytes.count > 1 && bytes.count <= Self.longestWord && !entries.isEmpty, let base = bytes.baseAddress,
      let textBase = text.baseAddress
    else {
      merger.merge(bytes, into: &output)
      return
    }
    let slot = Int(truncatingIfNeeded: Self.hash(base, bytes.count)) & (entries.count - 1)
    let entry = entries[slot]
    if Int(entry.count) == bytes.count && memcmp(base, textBase + Int(entry.start), bytes.count) == 0 {
      let start = Int(entry.outputStart)
      for index in start..<start + Int(entry.outputCount) { output.append(output[index]) }
      return
    }
    let outputStart = output.count
    merger.merge(bytes, into: &output)
    entries[slot] = Entry(
      start: UInt32(word.lowerBound), count: UInt32(bytes.count), outputStart: UInt32(outputStart),
      outputCount: UInt32(output.count - outputStart))
  }

  @inline(__always)
  private static func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    var hash = UInt64(count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= count {
      hash = (hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 32
      offset += 8
    }
    var tail: UInt64 = 0
    while offset < count {
      tail = tail << 8 | UInt64(bytes[offset])
      offset += 1
    }
    hash = (hash ^ tail) &* 0xFF51_AFD7_ED55_8CCD
    return hash ^ (hash >> 29)
  }
}
