import CSTFormats
import Foundation
import TestSupport
import Testing

@Suite struct GzipTests {
  private func unpack(_ base64: String, limit: Int = Gzip.sizeLimit) throws -> String {
    String(decoding: try Gzip.unpacked(#require(Data(base64Encoded: base64)), limit: limit), as: UTF8.self)
  }

  // Written by Python's gzip: of level 0 (stored), 1 and 9 for a short text (fixed codes), and of a longer one (dynamic).
  private static let stored = "H4sIAAAAAAAA/wEZAOb/d2FybSB0ZWEgYW5kIGhvbmV5LCBob25lebK63zwZAAAA"
  private static let fixed = "H4sIAAAAAAAC/ytPLMpVKElNVEjMS1HIyM9LrdSBUACyut88GQAAAA=="

  @Test func unpacksStoredAndCompressedBlocks() throws {
    #expect(try unpack(Self.stored) == "warm tea and honey, honey")
    #expect(try unpack(Self.fixed) == "warm tea and honey, honey")
  }

  @Test func unpacksAFile() throws {
    let file = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/inputs/data/gz.jsonl.gz")
    let text = String(decoding: try Gzip.unpacked(Data(contentsOf: file)), as: UTF8.self)
    #expect(text.split(separator: "\n").count == 2 && text.hasPrefix(#"{"prompt": "Is tea good for a cold?""#))
  }

  @Test func refusesWhatIsDamagedOrTooLarge() throws {
    let file = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/inputs/data/gz.jsonl.gz")
    let bytes = [UInt8](try Data(contentsOf: file))
    for length in 0..<bytes.count {
      #expect(throws: Gzip.Failure.self) { try Gzip.unpacked(Data(bytes[..<length])) }
    }
    let whole = try Gzip.unpacked(Data(bytes))
    #expect(throws: Gzip.Failure.self) { try Gzip.unpacked(Data(bytes), limit: whole.count - 1) }
    var generator = FormatFixtures.Generator(seed: 3)
    for _ in 0..<2000 {
      let mutant = FormatFixtures.mutant(of: bytes, using: &generator)
      // The header's time and name say nothing; whatever else comes out is what went in.
      if let unpacked = try? Gzip.unpacked(Data(mutant), limit: 1 << 20) { #expect(unpacked == whole) }
    }
  }

  @Test func severalMembersAreOneText() throws {
    let one = try #require(Data(base64Encoded: Self.fixed))
    #expect(try Gzip.unpacked(one + one).count == 50)
  }
}
