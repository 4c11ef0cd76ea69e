import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Exports get their name only if the files replay as the model does.
@Suite struct ExportReplayTests {
  private let rows = (0..<4).map { row in
    PreferencePair(
      prompt: [.user("May I do thing \(row)?")],
      answers: .byConfiguration(["cautious": "Ask a person \(row).", "direct": "Do it so \(row)."]))
  }

  private func policy() throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "advice",
      configurations: [
        SafetyConfiguration(name: "cautious", systemPrompt: "Give no advice."),
        SafetyConfiguration(name: "direct", systemPrompt: "Answer fully."),
      ], defaultName: "cautious")
  }

  private static let formats: [ExportFormat] =
    WeightEncoder.formats.map { .gguf($0) }
    + [.ggufAdapter(.f32), .ggufAdapter(.f16), .peft, .huggingFace(.f32), .huggingFace(.f16), .huggingFace(.bf16)]

  @Test(arguments: formats) func everyFormatReplays(format: ExportFormat) async throws {
    let fixture = try await ExportFixture()
    let replay = try ExportReplay(of: rows, under: try policy())
    let url = fixture.folder[format.isFolder ? "out" : "out.gguf"]
    // Random weights switch by accident, so how well they still do says nothing.
    let outcome = try await VerifiedExport(
      ModelExport(of: fixture.tuned, as: format), replay: replay, switchTolerance: 1
    ).write(to: url)
    #expect(outcome.report.isWithinTolerance, "\(outcome.report)")
    #expect(outcome.location == url)
    #expect(outcome.report.answers == 16)
    #expect(outcome.report.switching?.before.total == 4)
    if format == .peft || format == .ggufAdapter(.f32) { #expect(outcome.report.largest.nats == 0) }
    #expect(try fixture.folder.names() == ["tiny.gguf", url.lastPathComponent])
  }

  @Test func changesAreMeasuredAgainstTheModelInMemory() async throws {
    let fixture = try await ExportFixture()
    let replay = try ExportReplay(of: rows, under: try policy())
    let same = try await replay.run(original: fixture.tuned, exported: fixture.tuned, tolerance: 0)
    #expect(same.largest.nats == 0 && same.isWithinTolerance)
    let base = try await replay.run(original: fixture.tuned, exported: fixture.base, tolerance: 0.001)
    #expect(base.largestPerToken.natsPerToken > 0.001 && !base.isWithinTolerance)
    #expect(base.meanPerToken <= base.largestPerToken.natsPerToken)
    #expect(base.largest.nats >= base.largestPerToken.nats)
  }

  @Test func builtInAnswersNeedNoData() async throws {
    let fixture = try await ExportFixture()
    for policy in [nil, try policy()] {
      let report = try await ExportReplay(under: policy).run(
        original: fixture.tuned, exported: fixture.tuned, tolerance: 0)
      #expect(report.answers == (policy == nil ? 12 : 24))
      #expect(report.switching == nil)
    }
  }

  @Test func filesBeyondTheToleranceGetAnotherName() async throws {
    let fixture = try await ExportFixture()
    try Data("old".utf8).write(to: fixture.folder["out.gguf"])
    let export = try ModelExport(of: fixture.tuned, as: .gguf(.q4_0))
    let verified = VerifiedExport(export, replay: try ExportReplay(), tolerance: 1e-9)
    for _ in 0..<2 {
      let outcome = try await verified.write(to: fixture.folder["out.gguf"], replacing: true)
      #expect(!outcome.report.isWithinTolerance)
      #expect(outcome.location.lastPathComponent == "out.failed.gguf")
    }
    #expect(try fixture.folder.names() == ["tiny.gguf", "out.gguf", "out.failed.gguf"])
    #expect(try String(contentsOf: fixture.folder["out.gguf"], encoding: .utf8) == "old")
    let folder = VerifiedExport(
      try ModelExport(of: fixture.tuned, as: .huggingFace(.bf16)), replay: try ExportReplay(), tolerance: 1e-9)
    #expect(try await folder.write(to: fixture.folder["out"]).location.lastPathComponent == "out.failed")
  }

  @Test func anotherVocabularyIsNoticedBeforeScoring() async throws {
    let fixture = try await ExportFixture()
    // A file whose merges are gone reads, and splits words differently.
    let file = try GGUFFile(contentsOf: fixture.folder["tiny.gguf"])
    var metadata = file.metadata
    metadata["tokenizer.ggml.merges"] = .array(.string([]))
    let tensors = file.tensors.map {
      TensorData(name: $0.name, shape: $0.shape, format: $0.format, bytes: Data(file.bytes(of: $0)))
    }
    try GGUFFile.write(tensors: tensors, metadata: metadata, to: fixture.folder["other.gguf"])
    let other = try await LanguageModel(contentsOf: fixture.folder["other.gguf"])
    await #expect {
      _ = try await ExportReplay().run(original: fixture.base, exported: other, tolerance: 1)
    } throws: { ($0 as? EvaluationError)?.reason == .differentTokens }
  }

  // MARK: What is replaced

  @Test func anExportThatSwitchesWorseFails() {
    let change = ReplayReport.Change(row: 0, nats: 0, tokens: 1)
    func report(_ before: Int, _ after: Int) -> ReplayReport {
      ReplayReport(
        answers: 1, largest: change, largestPerToken: change, meanPerToken: 0,
        switching: .init(before: Proportion(before, of: 20), after: Proportion(after, of: 20)), tolerance: 1,
        switchTolerance: 0.1)
    }
    #expect(report(18, 16).isWithinTolerance && report(0, 20).isWithinTolerance)
    #expect(!report(18, 15).isWithinTolerance)
  }

  @Test func filesOfOthersAreNotReplacedByAFailedExport() async throws {
    let fixture = try await ExportFixture()
    let other = fixture.folder["out.failed"]
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: other.appending(path: "notes.txt"))
    let verified = VerifiedExport(
      try ModelExport(of: fixture.tuned, as: .huggingFace(.bf16)), replay: try ExportReplay(), tolerance: 1e-9)
    await #expect(throws: FormatError.self) { try await verified.write(to: fixture.folder["out"]) }
    #expect(try fixture.folder.names() == ["tiny.gguf", "out.failed"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: other.path) == ["notes.txt"])
  }

  @Test func theModelItselfIsNeverReplaced() async throws {
    let fixture = try await ExportFixture()
    let model = fixture.folder["tiny.gguf"]
    let before = try Data(contentsOf: model)
    let link = fixture.folder["link.gguf"]
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: model)
    let verified = VerifiedExport(
      try ModelExport(of: fixture.tuned, as: .gguf(.f32)), replay: try ExportReplay(), tolerance: 1)
    for url in [model, link] {
      let error = await #expect(throws: FormatError.self) { try await verified.write(to: url, replacing: true) }
      #expect(error?.description.contains("what is to be exported") == true)
    }
    #expect(try Data(contentsOf: model) == before)
  }

  @Test func nothingIsReplacedUnasked() async throws {
    let fixture = try await ExportFixture()
    let verified = VerifiedExport(try ModelExport(of: fixture.tuned, as: .peft), replay: try ExportReplay())
    let out = fixture.folder["out"]
    _ = try await verified.write(to: out)
    #expect(throws: FormatError.self) { try verified.check(out, replacing: false) }
    _ = try await verified.write(to: out, replacing: true)
    try Data("mine".utf8).write(to: out.appending(path: "notes.txt"))
    FormatFixtures.expectError(.unwritable, naming: "notes.txt") { try verified.check(out, replacing: true) }
    let file = URL(filePath: try fixture.folder.file("file", "mine"))
    FormatFixtures.expectError(.unwritable, naming: "a file") { try verified.check(file, replacing: true) }
    FormatFixtures.expectError(.unwritable, naming: "nowhere") {
      try verified.check(fixture.folder["nowhere/out"], replacing: false)
    }
  }
}
