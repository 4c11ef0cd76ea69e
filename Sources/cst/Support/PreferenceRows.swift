import CSTCore
import CSTData
import Foundation

/// Rows of a dataset file, chosen by number. Errors and results name rows by their number in the file.
struct PreferenceRows {
  let file: URL
  /// Rows of the whole file.
  let countInFile: Int
  /// The number of the first of ``pairs`` in the file.
  let firstRow: Int
  let pairs: [PreferencePair]

  /// - Throws: `DatasetError`, ``CommandError`` where there is nothing to use.
  init(contentsOf file: URL, _ selection: RowSelection?) throws {
    let all = try [PreferencePair](contentsOf: file)
    guard !all.isEmpty else { throw CommandError("\(file.path): there are no rows in this file") }
    let positions = try selection?.positions(in: all.count, of: file.path) ?? 0..<all.count
    self.file = file
    countInFile = all.count
    firstRow = positions.lowerBound
    pairs = Array(all[positions])
  }

  /// What to compute over: the rows as they are, or configured by a policy.
  func configured(_ configure: ([PreferencePair]) throws(PreferenceError) -> [ConfiguredPair]) throws
    -> [ConfiguredPair]
  {
    do {
      return try configure(pairs).map { pair in
        var pair = pair
        pair.source += firstRow
        return pair
      }
    } catch {
      var error = error
      error.file = file
      error.row = error.row.map { $0 + firstRow }
      throw error
    }
  }

  /// What to replay through an export.
  func replay(under policy: SafetyPolicy?) throws -> ExportReplay {
    _ = try configured { (pairs) throws(PreferenceError) in
      guard let policy else { return try pairs.asWritten() }
      return try pairs.configured(by: policy)
    }
    return try ExportReplay(of: pairs, under: policy)
  }

  /// The pairs as tokens.
  /// - Throws: ``CommandError`` naming file and row.
  func encoded(_ pairs: [ConfiguredPair], with encoder: ConversationEncoder) throws -> [EncodedPair] {
    do {
      return try pairs.map { try EncodedPair($0, with: encoder) }
    } catch let error as ConversationError {
      throw CommandError("\(file.path): \(error)")
    }
  }
}
