extension Tokenizer {
  /// The ids of a text whose pieces know who wrote them.
  ///
  /// Added tokens are recognised inside single template pieces, the longest at the leftmost place. What lies between
  /// two of them, template and content together, is normalised, cut and merged as one text, so that content gets the ids
  /// it would have in the reference's rendering of the same conversation.
  ///
  /// - Complexity: O(n log n) in the text's bytes at worst, about linear for text with words.
  public func encode(_ text: ProvenancedText) -> [Int32] {
    var gathered = GatheredText(normalizer: normalizer)
    for piece in text.pieces {
      switch piece {
      case .content(let content): gathered.append(content: content)
      case .template(let template): gathered.append(template: template, added)
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

  /// Normalises, cuts and merges the runs of plain text and puts the added tokens between them.
  private func encode(_ gathered: GatheredText) -> [Int32] {
    var output: [Int32] = []
    output.reserveCapacity(gathered.bytes.count / 3 + gathered.tokens.count)
    let (text, runs) = gathered.normalized(added.text)
    text.withUnsafeBufferPointer { text in
      classes.withView { classes in
        merges.withView { merges in
          vocabulary.withView { vocabulary in
            var words = WordScanner(preTokenizer, text: text, classes: classes)
            var merger = BytePairMerger(
              merges: merges, vocabulary: vocabulary, unknown: unknown, ignoresMerges: ignoresMerges)
            var seen = SeenWords(textCount: text.count)
            for run in runs {
              var position = run.start
              while position < run.end {
                let end =
                  algorithm == .sentencePieceBPE
                  ? endOfSentencePieceWord(in: text, from: position, limit: run.end)
                  : words.endOfWord(from: position, limit: run.end)
                seen.encode(position..<end, of: text, with: &merger, into: &output)
                position = end
              }
              if let token = run.token { output.append(token) }
            }
          }
        }
      }
    }
    return output
  }

  /// The end of the word that begins at `start`: its spaces and what follows up to the next space.
  ///
  /// SentencePiece merges a text as one word. Where no token joins a space to what stands before it, no merge crosses
  /// the start of a word, and words can be merged on their own.
  @inline(__always)
  private func endOfSentencePieceWord(in text: UnsafeBufferPointer<UInt8>, from start: Int, limit: Int) -> Int {
    if vocabulary.joinsWords { return limit }
    var position = start
    while position < limit && text[position] == 0x20 { position += 1 }
    while position < limit && text[position] != 0x20 { position += 1 }
    return position
  }
}
