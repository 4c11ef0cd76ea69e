import CSTReports
import CSTCore
import CSTData
import Foundation
import Testing

/// Defects between rows and of the whole: each is planted into clean data and found, and nothing else is.
@Suite struct CrossRowDefectTests {
  private let clean = CheckCorpus.answers()
  private let published = CheckCorpus.published()

  /// The one finding there should be.
  private func only(
    _ kind: Finding.Kind, _ report: DatasetReport, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Finding {
    #expect(
      report.findings.map(\.kind.name) == [kind.name], "\(report.text(file: "rows.jsonl"))",
      sourceLocation: sourceLocation)
    return try #require(report[kind], sourceLocation: sourceLocation)
  }

  private func places(_ finding: Finding) -> [[Int?]] { finding.examples.map { [$0.line, $0.other] } }

  /// A row's fields of the published form, some of them replaced.
  private func row(_ line: Int, _ changes: [String: String] = [:]) -> String {
    CheckCorpus.line(
      ["system", "prompt", "chosen", "rejected"].map { ($0, changes[$0] ?? published.field($0, ofLine: line)) })
  }

  @Test func exactDuplicates() async throws {
    #expect(places(try only(.exactDuplicate, await checked(clean.adding(clean.rows[6])))) == [[81, 7]])
    let twice = published.adding(published.rows[6]).adding(published.rows[6])
    #expect(places(try only(.exactDuplicate, await checked(twice, policy: false))) == [[81, 7], [82, 7]])
    // Two rows that together say what one row with an answer per configuration says.
    let spelledOut = ["cautious", "direct"].map { name in
      CheckCorpus.line([
        ("prompt", clean.field("prompt", ofLine: 9)), ("chosen", clean.field(name, ofLine: 9)),
        ("rejected", clean.field(name == "direct" ? "cautious" : "direct", ofLine: 9)), ("configuration", name),
      ])
    }
    let report = try await checked(clean.adding(spelledOut[0]).adding(spelledOut[1]))
    #expect(places(try only(.exactDuplicate, report)) == [[81, 9], [82, 9]])
  }

  @Test func oppositeLabels() async throws {
    let flipped = row(
      7,
      [
        "chosen": published.field("rejected", ofLine: 7), "rejected": published.field("chosen", ofLine: 7),
      ])
    let report = try await checked(published.adding(flipped), policy: false)
    #expect(places(try only(.oppositeLabels, report)) == [[81, 7]])
    #expect(report[.oppositeLabels]?.severity == .error)
  }

  @Test func oppositeLabelsAcrossForms() async throws {
    // A neutral row contradicts a configuration's, whether a policy says which configurations there are or not.
    let neutral = CheckCorpus.line([
      ("prompt", clean.field("prompt", ofLine: 4)), ("chosen", clean.field("direct", ofLine: 4)),
      ("rejected", clean.field("cautious", ofLine: 4)), ("configuration", "*"),
    ])
    for policy in [true, false] {
      let report = try await checked(clean.adding(neutral), policy: policy)
      #expect(report[.oppositeLabels].map(places) == [[81, 4]])
    }
  }

  @Test func conflictingLabels() async throws {
    let other = row(
      7, ["chosen": "Something else that is quite fine too.", "rejected": published.field("chosen", ofLine: 7)])
    let report = try await checked(published.adding(other).adding(twin(other, of: 7)), policy: false)
    #expect(places(try only(.conflictingLabels, report)) == [[81, 7], [82, 8]])
  }

  /// The row with its answers flipped, under the system prompt of the other row of the prompt.
  private func twin(_ text: String, of line: Int) -> String {
    let row = CheckCorpus(rows: [text])
    return CheckCorpus.line([
      ("system", published.field("system", ofLine: line + 1)), ("prompt", row.field("prompt", ofLine: 1)),
      ("chosen", row.field("rejected", ofLine: 1)), ("rejected", row.field("chosen", ofLine: 1)),
    ])
  }

  @Test func missingTwins() async throws {
    var rows = published.rows
    rows.remove(at: 11)
    #expect(try only(.missingTwin, await checked(CheckCorpus(rows: rows), policy: false)).examples.map(\.line) == [11])
    // Nobody misses twins where there are none.
    let single = CheckCorpus(rows: stride(from: 0, to: 80, by: 2).map { published.rows[$0] })
    #expect(try await checked(single, policy: false).findings.isEmpty)
    // Rows that hold under both system prompts are neutral.
    let neutral = (0..<2).map {
      row(81 - 2 * $0 - 1, ["prompt": "Why not?", "chosen": "For this reason.", "rejected": "Oh well, no."])
    }
    let systems = neutral.enumerated().map { CheckCorpus(rows: [$1]).field("system", ofLine: 1) }
    let both = CheckCorpus(
      rows: published.rows + [
        neutral[0], neutral[0].replacing(systems[0], with: systems[0] == "Be kind." ? "Be brief." : "Be kind."),
      ])
    #expect(try await checked(both, policy: false).findings.isEmpty)
  }

  @Test func nearDuplicatePrompts() async throws {
    let prompt = published.field("prompt", ofLine: 7)
    let near = prompt.replacing("Should I", with: "Should I now").uppercased()
    let other = row(7, ["prompt": near, "chosen": "Take the first of them.", "rejected": "Take the last of them."])
    let report = try await checked(published.adding(other).adding(twin(other, of: 7)), policy: false)
    #expect(places(try only(.nearDuplicatePrompt, report)) == [[81, 7], [82, 8]])
    // The same prompt with other answers.
    let same = row(7, ["chosen": "Take the first of them.", "rejected": "Take the last of them."])
    let repeated = try await checked(published.adding(same).adding(twin(same, of: 7)), policy: false)
    #expect(places(try only(.nearDuplicatePrompt, repeated)) == [[81, 7], [82, 8]])
    // Under another system prompt it is another situation.
    let elsewhere = ["Be odd.", "Be even."].enumerated().map { position, system in
      row(7 + position, ["system": system, "prompt": near])
    }
    #expect(try await checked(CheckCorpus(rows: published.rows + elsewhere), policy: false).findings.isEmpty)
  }

  @Test func nearDuplicatesOfSwitchableRows() async throws {
    let neutral = CheckCorpus.line([
      ("prompt", clean.field("prompt", ofLine: 4) + " Or so?"), ("chosen", "Do just what you like."),
      ("rejected", "Do nothing at all, ever."), ("configuration", "*"),
    ])
    for policy in [true, false] {
      let report = try await checked(clean.adding(neutral), policy: policy)
      #expect(report[.nearDuplicatePrompt].map(places) == [[81, 4]])
    }
  }

  @Test func leaks() async throws {
    let heldOut = CheckCorpus(rows: [
      CheckCorpus.line([("prompt", "What else is new?"), ("cautious", "Ask a friend."), ("direct", "Nothing is new.")]),
      clean.rows[11].replacing("Should I", with: "SHOULD I,"),
      clean.rows[12].replacing("Should I", with: "Now should I"),
    ])
    let report = try await checked(clean, against: heldOut)
    #expect(report.findings.map(\.kind) == [.leakedPrompt, .nearlyLeakedPrompt])
    #expect(report[.leakedPrompt].map(places) == [[12, 2]])
    #expect(report[.nearlyLeakedPrompt].map(places) == [[13, 3]])
    #expect(report[.leakedPrompt]?.examples.first?.otherFile == "other.jsonl")
    #expect(report[.leakedPrompt]?.severity == .error && report[.nearlyLeakedPrompt]?.severity == .warning)
    #expect(try await checked(clean, against: CheckCorpus(rows: [heldOut.rows[0]])).findings.isEmpty)
    await #expect(throws: DatasetError.self) { try await checked(clean, against: CheckCorpus(rows: ["?"])) }
  }

  @Test func lengthGaps() async throws {
    let long = (1...60).reduce(clean) { corpus, line in
      corpus.changing(line, " and then ", to: " and then with a good many more words than before, all of them short, ")
    }
    let finding = try only(.lengthGap, await checked(long))
    #expect(finding.count == 2)
    #expect(finding.examples.map(\.detail).map { $0.prefix(6) } == ["cautio", "direct"])
    // As many longer as shorter: the mean differs, but length does not tell.
    let half = (1...30).reduce(clean) { corpus, line in
      corpus.changing(line, " and then ", to: " and then with a good many more words than before, all of them short, ")
    }
    #expect(try await checked(half).findings.isEmpty)
    // Too few to say.
    #expect(try await checked(CheckCorpus(rows: Array(long.rows[..<19])))[.lengthGap] == nil)
  }

  @Test func judgedAnswers() async throws {
    let (refusing, answering) = (clean.field("cautious", ofLine: 3), clean.field("direct", ofLine: 3))
    let swapped = clean.replacing(
      3,
      CheckCorpus.line([("prompt", clean.field("prompt", ofLine: 3)), ("cautious", answering), ("direct", refusing)]))
    let report = try await checked(swapped)
    #expect(report.findings.map(\.kind) == [.unexpectedRefusal, .unexpectedAnswer])
    #expect(report.findings.allSatisfy { $0.examples.map(\.line) == [3] && $0.count == 1 })
    let neutral = clean.changing(
      65, clean.field("chosen", ofLine: 65), to: "I'm sorry, but I can't give advice on this.")
    #expect(try only(.unexpectedRefusal, await checked(neutral)).examples.map(\.line) == [65])
    // Spelled out, the same answer under both configurations is neutral.
    let both = ["Give no advice.", "Answer fully."].map {
      CheckCorpus.line([("system", $0), ("prompt", "Why so?"), ("chosen", answering), ("rejected", "I will not say.")])
    }
    #expect(try await checked(CheckCorpus(rows: clean.rows + both)).findings.isEmpty)
  }

  @Test func commonOpeners() async throws {
    let alike = (1...60).reduce(clean) { corpus, line in
      let answer = corpus.field("direct", ofLine: line)
      return corpus.changing(line, answer, to: line % 5 == 0 ? answer : "Well, that is simple: \(answer)")
    }
    let finding = try only(.commonOpener, await checked(alike))
    #expect(finding.severity == .note && finding.examples.map(\.line) == [1])
    #expect(finding.examples.first?.detail.contains("48 of 80") == true)
    #expect(finding.examples.first?.detail.contains("\"well, that is simple:\"") == true)
  }

  @Test func neutralShare() async throws {
    let none = CheckCorpus(rows: Array(clean.rows[..<60]))
    #expect(try only(.neutralShare, await checked(none)).severity == .note)
  }
}
