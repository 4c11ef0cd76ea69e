import CSTReports
import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// Defects that only show with a model: a tiny one with a byte-level tokenizer.
@Suite struct TokenDefectTests {
  private let clean = CheckCorpus.answers()

  private func tinyModel() async throws -> LanguageModel {
    let folder = try CheckFolder()
    let file = try folder.file("tiny.gguf", Data())
    try TinyModel.write(to: file)
    let model = try await LanguageModel(contentsOf: file)
    withExtendedLifetime(folder) {}
    return model
  }

  private func only(_ kind: Finding.Kind, _ report: DatasetReport) throws -> Finding {
    #expect(report.findings.map(\.kind.name) == [kind.name], "\(report.text(file: "rows.jsonl"))")
    return try #require(report[kind])
  }

  @Test func cleanDataIsClean() async throws {
    let model = try await tinyModel()
    let report = try await checked(clean, model: model)
    #expect(report.findings.isEmpty, "\(report.text(file: "rows.jsonl"))")
    #expect(report.unit == .tokens)
    let tokens = model.tokenizer.encode(content: clean.field("chosen", ofLine: 61)).count
    let one = try await checked(CheckCorpus(rows: [clean.rows[60]]), model: model)
    #expect(one.configurations.map(\.chosen.longest) == [tokens])
  }

  @Test func promptsAndAnswersThatDoNotFit() async throws {
    let model = try await tinyModel()
    let words = String(repeating: "word ", count: 300)
    let prompt = clean.changing(5, "Should I", to: "Should \(words) I")
    #expect(try only(.promptTooLong, await checked(prompt, model: model)).examples.map(\.line) == [5])
    let answer = clean.changing(61, clean.field("chosen", ofLine: 61), to: "Well " + words)
    #expect(try only(.truncatedAnswer, await checked(answer, model: model)).examples.map(\.line) == [61])
    #expect(try await checked(clean, model: model, maximumLength: 40)[.promptTooLong] != nil)
  }

  @Test(.needsModel) func answersThatBeginInsideAToken() async throws {
    let model = try await LanguageModel(contentsOf: #require(ReferenceFiles.model))
    let text = clean.field("chosen", ofLine: 61)
    let spaced = clean.changing(61, text, to: "\\n\\n\(text)")
    #expect(try only(.boundaryMismatch, await checked(spaced, model: model)).examples.map(\.line) == [61])
  }

  @Test func theModelsControlTokens() async throws {
    let model = try await tinyModel()
    let marked = clean.changing(7, "Should I", to: "Should <|im_start|> I")
    let finding = try only(.controlToken, await checked(marked, model: model))
    #expect(finding.severity == .error && finding.examples.map(\.line) == [7])
    let other = clean.changing(7, "Should I", to: "Should <|user|> I")
    #expect(try only(.controlLookAlike, await checked(other, model: model)).examples.map(\.line) == [7])
  }
}
