import CSTCore
import Foundation
import Synchronization

/// Looks for what is wrong with a preference dataset, before time is spent on training with it.
///
/// Every row is read and checked by itself, then rows are held against each other. Rows are streamed: what is kept of them
/// is hashes, lengths and word runs of the prompts (eight bytes a word of a prompt while reading), so that a hundred
/// thousand rows need a few hundred megabytes, most of them the mapped file. Texts are compared by 64-bit hashes.
///
/// ```swift
/// let report = try await DatasetCheck(policy: policy).report(on: file)
/// for finding in report.findings where finding.severity == .error { … }
/// ```
///
/// What is looked for is listed in ``Finding/Kind``. The data is never changed. The report depends on the data and the
/// settings alone, not on the number of threads, which is that of ``CSTCore/ComputePool``.
public struct DatasetCheck: Sendable {
  /// Rows are held to it where there is one: its configurations, and the replies they expect.
  public var policy: SafetyPolicy?
  /// With a model, lengths are counted in its tokens, and what does not fit or reads as its control tokens is found.
  public var model: LanguageModel?
  /// Most tokens of prompt and answer together; only used with a model.
  public var maximumLength: Int
  /// Answers of fewer tokens (words without a model) are reported.
  public var minimumLength: Int
  /// What counts as the same prompt.
  public var nearDuplicates = NearDuplicates()
  /// Which columns hold the fields of a row.
  public var columns = ColumnNames.usual
  /// How many examples a finding has at most.
  public var exampleCount = 5

  /// Creates a check.
  public init(
    policy: SafetyPolicy? = nil, model: LanguageModel? = nil, maximumLength: Int = 512, minimumLength: Int = 3
  ) {
    self.policy = policy
    self.model = model
    self.maximumLength = maximumLength
    self.minimumLength = minimumLength
  }

  /// Checks a file: JSONL, or a JSON list. Rows that cannot be read are findings, not errors.
  ///
  /// - Parameters:
  ///   - file: The dataset.
  ///   - others: Datasets that should share no prompt with it, such as the held-out rows.
  ///   - progress: Called now and then, from one thread at a time.
  /// - Throws: ``DatasetError`` where a file cannot be opened, or one of `others` not be read.
  /// - Complexity: Linear in the size of the file, apart from comparing prompts that share a rare run of words.
  public func report(
    on file: URL, against others: [URL] = [], progress: @escaping WorkProgress.Report = { _ in }
  ) async throws -> DatasetReport {
    try await onComputeThread {
      try report(on: RowDecoder(contentsOf: file, columns: columns), against: others, progress: progress)
    }
  }

  /// Checks rows in memory. Lines in the report are positions, counted from 1.
  ///
  /// - Parameters:
  ///   - rows: The dataset.
  ///   - others: Files of datasets that should share no prompt with it.
  ///   - progress: Called now and then, from one thread at a time.
  /// - Throws: ``DatasetError`` where one of `others` cannot be read.
  public func report(
    on rows: [PreferencePair], against others: [URL] = [], progress: @escaping WorkProgress.Report = { _ in }
  ) async throws -> DatasetReport {
    try await onComputeThread { try report(on: MemoryRows(rows: rows), against: others, progress: progress) }
  }

  private func report(
    on source: some RowSource, against others: [URL], progress: WorkProgress.Report
  ) throws(DatasetError) -> DatasetReport {
    var otherPrompts: [OtherPrompts] = []
    for file in others { otherPrompts.append(try OtherPrompts(contentsOf: file, columns, nearDuplicates)) }
    let examiner = RowExaminer(self)
    var tally = DatasetTally(source, self)
    for first in stride(from: 0, to: source.count, by: Self.batchRows) {
      let batch = first..<min(first + Self.batchRows, source.count)
      for records in examiner.records(of: batch, in: source, pieceRows: Self.pieceRows) {
        for record in records { tally.add(record) }
      }
      progress(WorkProgress(.checking, batch.upperBound, of: source.count))
    }
    tally.finish(against: otherPrompts)
    return DatasetReport(
      rows: source.count, neutralRows: tally.neutralRows, unit: model == nil ? .words : .tokens,
      configurations: tally.configurations, findings: tally.findings.findings)
  }

  /// Rows between two calls of `progress`, and those a thread takes at a time. They do not change results.
  private static let batchRows = 2048
  private static let pieceRows = 64
}

extension RowExaminer {
  /// The records of a range of rows, in pieces that threads share.
  fileprivate func records(of range: Range<Int>, in source: some RowSource, pieceRows: Int) -> [[RowRecord]] {
    let pieces = stride(from: range.lowerBound, to: range.upperBound, by: pieceRows).map {
      $0..<min($0 + pieceRows, range.upperBound)
    }
    let records = Mutex([[RowRecord]](repeating: [], count: pieces.count))
    ComputePool.shared.forEachItem(count: pieces.count) { piece in
      let found = pieces[piece].map { record(of: $0, in: source) }
      records.withLock { $0[piece] = found }
    }
    return records.withLock { $0 }
  }
}
