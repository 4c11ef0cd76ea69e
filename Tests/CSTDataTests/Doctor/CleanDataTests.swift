import CSTReports
import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// Data with nothing wrong in it has no findings: what the other suites plant is what they find.
@Suite struct CleanDataTests {
  @Test func rowsOfAPolicyAreClean() async throws {
    let report = try await checked(.answers())
    #expect(report.findings.isEmpty, "\(report.text(file: "rows.jsonl"))")
    #expect(report.rows == 80 && report.neutralRows == 20 && report.unit == .words)
    #expect(report.configurations.map(\.name) == ["cautious", "direct", "*"])
    #expect(report.configurations.map(\.pairs) == [60, 60, 20])
  }

  @Test func publishedRowsAreClean() async throws {
    let report = try await checked(.published(), policy: false)
    #expect(report.findings.isEmpty, "\(report.text(file: "rows.jsonl"))")
    #expect(report.configurations.map(\.pairs) == [40, 40])
  }

  @Test func rowsOfAPolicyWithoutItOnlyNeedIt() async throws {
    let report = try await checked(.answers(), policy: false)
    #expect(report.findings.map(\.kind) == [.needsPolicy])
    #expect(report[.needsPolicy]?.count == 80)
    #expect(report.configurations.map(\.pairs) == [60, 60, 20])
  }

  @Test func filesAndRowsInMemoryAreTheSame() async throws {
    let folder = try CheckFolder()
    let file = try folder.file("rows.jsonl", CheckCorpus.published().adding(CheckCorpus.published().rows[3]))
    let check = DatasetCheck()
    #expect(try await check.report(on: file) == check.report(on: [PreferencePair](contentsOf: file)))
    let list = try folder.file(
      "rows.json", Data("[\(CheckCorpus.published().rows.joined(separator: ",\n"))]".utf8))
    #expect(try await check.report(on: list).findings.isEmpty)
  }

  @Test func lengthsAreSummarised() async throws {
    let rows = (1...100).map { length in
      let words = (0..<length).map { "w\(length)x\($0)" }.joined(separator: " ")
      return CheckCorpus.line([("prompt", "p\(length)"), ("chosen", words), ("rejected", "a b c d e")])
    }
    let summary = try #require(try await checked(CheckCorpus(rows: rows), policy: false).configurations.first)
    #expect(summary.chosen.mean == 50.5)
    #expect(summary.chosen.median == 50 && summary.chosen.p95 == 95 && summary.chosen.longest == 100)
    #expect(summary.rejected.mean == 5 && summary.rejected.p95 == 5)
    #expect(summary.chosenLongerShare == 0.955)
    #expect(summary.meanRatio == 10.1)
    #expect(summary.chosenHistogram.counts.reduce(0, +) == 100)
    #expect(summary.gapHistogram.counts.reduce(0, +) == 100)
  }

  @Test func theExampleDataIsClean() async throws {
    let folder = ReferenceFiles.packageRoot.appending(path: "Examples/advice")
    let policy = try SafetyPolicy(contentsOf: folder.appending(path: "policy.json"))
    let heldOut = folder.appending(path: "held-out.jsonl")
    var model: LanguageModel?
    if let file = ReferenceFiles.model {
      model = try await LanguageModel(contentsOf: file)
    } else {
      print("without tokens: no model (Scripts/fetch-model)")
    }
    let check = DatasetCheck(policy: policy, model: model)
    for (name, others) in [("train.jsonl", [heldOut]), ("held-out.jsonl", [])] {
      let report = try await check.report(on: folder.appending(path: name), against: others)
      #expect(report.count(of: .error) == 0 && report.count(of: .warning) == 0, "\(report.text(file: name))")
      #expect(report.unit == (model == nil ? .words : .tokens))
    }
  }

  /// Threads share pieces of rows; what they find is put together in the order of the rows.
  @Test func threadsDoNotMatter() async throws {
    let corpus = CheckCorpus.published()
    let rows = (0..<60).flatMap { copy in corpus.rows.map { $0.replacing("Should I", with: "Should \(copy % 7) I") } }
    let before = ComputePool.shared.threadCount
    defer { ComputePool.shared.threadCount = before }
    var reports: Set<DatasetReport> = []
    for threads in [1, 2, 5] {
      ComputePool.shared.threadCount = threads
      reports.insert(try await checked(CheckCorpus(rows: rows), policy: false))
    }
    #expect(reports.count == 1)
    #expect(reports.first?[.exactDuplicate] != nil)
  }
}
