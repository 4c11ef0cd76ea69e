import CSTReports
import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// Defects of single rows: each is planted into clean data and found on its line, and nothing else is.
@Suite struct RowDefectTests {
  private let clean = CheckCorpus.answers()
  private let published = CheckCorpus.published()

  /// The lines of the one finding there should be.
  private func lines(
    of kind: Finding.Kind, _ corpus: CheckCorpus, policy: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [Int] {
    let report = try await checked(corpus, policy: policy)
    let kinds = report.findings.map(\.kind.name).filter { policy || $0 != "needs-policy" }
    #expect(kinds == [kind.name], "\(report.text(file: "rows.jsonl"))", sourceLocation: sourceLocation)
    let finding = report[kind]
    if let finding, finding.count <= 5 { #expect(finding.count == finding.examples.count) }
    return finding?.examples.compactMap(\.line) ?? []
  }

  @Test func unreadableRowsAreAllReported() async throws {
    let corpus = clean.replacing(3, "{\"prompt\": \"x\", ").replacing(7, #"{"prompt": "x", "chosen": "a"}"#)
      .replacing(9, #"{"prompt": "x", "chosen": 3, "rejected": "b"}"#).replacing(11, "[1]")
    #expect(try await lines(of: .unreadableRow, corpus) == [3, 7, 9, 11])
    let finding = try #require(try await checked(corpus)[.unreadableRow])
    #expect(finding.examples[1].detail.contains("\"rejected\": missing"))
    #expect(finding.examples[2].detail.contains("\"chosen\""))
    #expect(finding.severity == .error)
    let many = (0..<20).reduce(clean) { $0.replacing($1 + 1, "?") }
    #expect(try await lines(of: .unreadableRow, many) == [1, 2, 3, 4, 5])
    #expect(try await checked(many)[.unreadableRow]?.count == 20)
  }

  @Test func brokenListsAndBytes() async throws {
    let folder = try CheckFolder()
    let open = try folder.file("open.json", Data("[\(clean.rows[0]),\n\(clean.rows[1])".utf8))
    let report = try await DatasetCheck().report(on: open)
    #expect(report[.unreadableRow]?.examples.map(\.line) == [2])
    #expect(report.rows == 1)
    let bytes = try folder.file("bytes.jsonl", Data("\(published.rows[0])\n".utf8) + [0x7B, 0xFF, 0x0A])
    #expect(try await DatasetCheck().report(on: bytes)[.unreadableRow]?.examples.map(\.line) == [2])
    let empty = try folder.file("empty.jsonl", Data())
    #expect(try await DatasetCheck().report(on: empty).findings.map(\.kind) == [.noRows])
    await #expect(throws: DatasetError.self) {
      try await DatasetCheck().report(on: folder.file("x", Data()).appending(path: "y"))
    }
  }

  @Test func unpairedSurrogatesAreUnreadableOrDamaged() async throws {
    let report = try await checked(clean.changing(4, "Should I", to: #"Should \ud83d I"#))
    let found = report.findings.filter { [.unreadableRow, .encodingDamage].contains($0.kind) }
    #expect(found.count == 1 && found.first?.examples.first?.line == 4)
    let pair = try await checked(clean.changing(4, "Should I", to: #"Should \ud83d\ude00 I"#))
    #expect(pair.findings.isEmpty)
  }

  @Test func emptyAndShortAnswers() async throws {
    #expect(try await lines(of: .emptyAnswer, clean.changing(61, clean.field("rejected", ofLine: 61), to: " ")) == [61])
    #expect(
      try await lines(of: .shortAnswer, clean.changing(62, clean.field("chosen", ofLine: 62), to: "Yes, do.")) == [62])
    #expect(try await lines(of: .emptyPrompt, clean.changing(63, clean.field("prompt", ofLine: 63), to: " ")) == [63])
  }

  @Test func identicalAnswers() async throws {
    let refusing = clean.field("cautious", ofLine: 5)
    #expect(
      try await lines(of: .identicalAnswers, clean.changing(5, clean.field("direct", ofLine: 5), to: refusing)) == [5])
    let same = published.changing(5, published.field("chosen", ofLine: 5), to: published.field("rejected", ofLine: 5))
    let report = try await checked(same, policy: false)
    #expect(report[.identicalAnswers]?.examples.map(\.line) == [5])
  }

  @Test func configurationsThatThePolicyDoesNotHave() async throws {
    #expect(try await lines(of: .unknownConfiguration, clean.changing(2, "\"direct\"", to: "\"dirct\"")) == [2])
    #expect(
      try await lines(
        of: .missingAnswer,
        clean.replacing(
          2,
          CheckCorpus.line([
            ("prompt", clean.field("prompt", ofLine: 2)), ("cautious", clean.field("cautious", ofLine: 2)),
          ]))) == [2])
    let neutral = clean.changing(70, #", "configuration": "*""#, to: "")
    #expect(try await lines(of: .noConfiguration, neutral) == [70])
    #expect(
      try await lines(of: .unevenAnswers, clean.changing(2, "\"direct\"", to: "\"dirct\""), policy: false) == [2])
  }

  @Test func systemPromptsThatAreNotThePolicys() async throws {
    let rows = CheckCorpus(rows: clean.rows + [published.rows[0]])
    #expect(try await lines(of: .foreignSystemPrompt, rows) == [81])
    let own = published.rows[0].replacing("Be brief.", with: "Answer fully.")
    #expect(try await checked(clean.adding(own)).findings.isEmpty)
  }

  @Test(arguments: [
    "<|im_start|>", "<|endoftext|>", "[INST]", "[/INST]", "<<SYS>>", "<s>", "</s>", "<start_of_turn>",
    "<\u{FF5C}User\u{FF5C}>",
  ])
  func controlLookAlikes(mark: String) async throws {
    for field in ["prompt", "cautious", "direct"] {
      let text = clean.field(field, ofLine: 8)
      #expect(try await lines(of: .controlLookAlike, clean.changing(8, text, to: "\(text) \(mark) x")) == [8])
    }
    let system = published.changing(3, "Be brief.", to: "Be \(mark)").changing(4, "Be kind.", to: "Be good.")
    #expect(try await lines(of: .controlLookAlike, system, policy: false) == [3])
  }

  @Test(arguments: ["a < b |> c", "<| x |>", "<||>", "[INSTALL]", "x <section>", "a <| b"])
  func ordinaryBracketsAreNoControlTokens(text: String) async throws {
    #expect(try await checked(clean.changing(8, "Should I", to: "Should \(text) I")).findings.isEmpty)
  }

  @Test(arguments: [
    "caf\u{FFFD}", "cafÃ©", "itâ€™s", "PÃ¥l", "Ð¿Ñ€Ð¸", "æ—¥æœ¬", "ðŸ˜€ yes", "a\\u0007b", "a\\u0085b", "a\u{FEFF}b",
    "it&#39;s", "it&#x27;s", "salt &amp; co", "ï»¿hello", "10 â‚¬", "Â£5",
  ])
  func encodingDamage(text: String) async throws {
    #expect(try await lines(of: .encodingDamage, clean.changing(9, "Should I", to: "Should \(text) I")) == [9])
  }

  @Test(arguments: [
    "café naïve Ærø", "„Spaß“ und „Fuß“", "«\u{A0}sucré\u{A0}»", "it’s — “so”…", "日本語", "привет", "😀", "a\\tb\\nc",
    "AT&T; R&D", "x & y;", "Â", "Ã", "£5 à €6", "naïve\u{A0}»",
  ])
  func ordinaryCharactersAreNotDamaged(text: String) async throws {
    let report = try await checked(clean.changing(9, "Should I", to: "Should \(text) I"))
    #expect(report.findings.isEmpty, "\(report.text(file: "rows.jsonl"))")
  }

  @Test(arguments: ["Assistant:", "Human:", "**AI:** ", "### Response:", "[Assistant]:", "direct:", " user : "])
  func speakersAndLabels(label: String) async throws {
    let answer = clean.field("direct", ofLine: 10)
    #expect(try await lines(of: .roleLabel, clean.changing(10, answer, to: "\(label) \(answer)")) == [10])
  }

  @Test func turnsInsideAnswers() async throws {
    let answer = clean.field("direct", ofLine: 10)
    #expect(
      try await lines(of: .roleLabel, clean.changing(10, answer, to: "\(answer)\\n\\nHuman: And then?")) == [10])
    let plain = clean.changing(10, answer, to: "Note: \(answer) The user: me. Human: you.")
    #expect(try await checked(plain).findings.isEmpty)
  }
}
