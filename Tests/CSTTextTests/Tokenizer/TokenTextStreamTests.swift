import TestSupport
import Testing

@testable import CSTText

struct TokenTextStreamTests {
  private let tokenizer: Tokenizer

  init() throws {
    tokenizer = try Tokenizer(
      TinyTokenizer.definition(merges: [], added: [("<|s|>", .control), ("<tag>", .userDefined)]))
  }

  @Test func holdsBackUnfinishedCharacters() {
    var stream = TokenTextStream(tokenizer)
    let pieces = Array("aé日🙂!".utf8).map { stream.append(Int32($0)) }
    #expect(pieces == ["a", "", "é", "", "", "日", "", "", "", "🙂", "!"])
    #expect(stream.finish() == "")
  }

  @Test func showsWhatStaysUnfinished() {
    var stream = TokenTextStream(tokenizer)
    #expect([0xF0, 0x9F, 0x99].map { stream.append($0) }.joined() == "")
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.append(0x61) == "a")
  }

  @Test func controlTokensAreSkippedOrShown() {
    let ids: [Int32] = [256, 0x61, 257, 256]
    var skipping = TokenTextStream(tokenizer)
    var showing = TokenTextStream(tokenizer, controlTokens: .shown)
    #expect(ids.map { skipping.append($0) }.joined() == "a<tag>")
    #expect(ids.map { showing.append($0) }.joined() == "<|s|>a<tag><|s|>")
    #expect(tokenizer.decode(ids, controlTokens: .skipped) == "a<tag>")
    #expect(tokenizer.decode(ids) == "<|s|>a<tag><|s|>")
  }

  /// Whatever the bytes, the stream's strings put together are the text decoded at once.
  @Test func equalsDecodingAtOnce() {
    var generator = CaseGenerator(seed: 11)
    let bytes: [Int32] = [
      0x61, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xC1, 0xE0, 0xE6, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
    ]
    for _ in 0..<20_000 {
      let ids = (0..<Int.random(in: 0...7, using: &generator)).map { _ in generator.pick(bytes) }
      var stream = TokenTextStream(tokenizer)
      let streamed = ids.map { stream.append($0) }.joined() + stream.finish()
      #expect(streamed.unicodeScalars.elementsEqual(tokenizer.decode(ids).unicodeScalars), "\(ids)")
    }
  }
}
