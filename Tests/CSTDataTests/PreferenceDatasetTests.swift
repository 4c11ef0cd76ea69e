import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTData

/// Rows know where they stand, and whoever refuses one says it.
@Suite struct PreferenceDatasetTests {
  private static let good = #"{"prompt":"x","answers":{"cautious":"a","direct":"b"}}"#

  private func policy() throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "two",
      configurations: [
        SafetyConfiguration(name: "cautious", systemPrompt: "S0"),
        SafetyConfiguration(name: "direct", systemPrompt: "S1"),
      ], defaultName: "cautious")
  }

  private func dataset(_ text: String, rows: String? = nil) throws -> PreferenceDataset {
    let folder = try TemporaryFolder()
    try Data(text.utf8).write(to: folder["rows.jsonl"])
    return try PreferenceDataset(contentsOf: folder["rows.jsonl"], rows: rows.flatMap { RowSelection($0) })
  }

  @Test func rowsHaveTheirPlaces() throws {
    for (text, lines) in [
      ("\(Self.good)\n\n\(Self.good)\n\(Self.good)", [1, 3, 4]),
      ("[\n\(Self.good), \(Self.good),\n\n\(Self.good)]", [2, 2, 4]),
    ] {
      let rows = try dataset(text)
      #expect(rows.map(\.place?.line) == lines && rows.indices.map(rows.line(of:)) == lines)
      #expect(rows.map(\.place?.row) == [0, 1, 2] && rows.allSatisfy { $0.place?.file == rows.file })
      #expect(try [PreferencePair](json: Data(text.utf8), from: rows.file).map(\.place) == rows.map(\.place))
      let some = try dataset(text, rows: "1-")
      #expect(some.count == 2 && some.countInFile == 3 && some[0].place?.row == 1 && some.line(of: 0) == lines[1])
      let pairs = try some.configured(by: policy())
      #expect(pairs.map(\.place?.line) == [lines[1], lines[1], lines[2], lines[2]])
      #expect(pairs.map(\.source) == [0, 0, 1, 1])
      #expect(try some.spelledOut(by: policy()).map(\.place?.row) == [1, 1, 2, 2])
    }
  }

  /// A place is about a row; it is no part of what the row says.
  @Test func placesAreNeitherComparedNorWritten() throws {
    let rows = try dataset("\(Self.good)\n\(Self.good)")
    #expect(rows[0] == rows[1] && Set(rows).count == 1 && rows[0].place != rows[1].place)
    let bare = PreferencePair(prompt: rows[0].prompt, answers: rows[0].answers)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(try encoder.encode(rows[0]) == encoder.encode(bare))
    let pairs = try rows.configured(by: policy())
    let text = String(decoding: try JSONEncoder().encode(pairs[0]), as: UTF8.self)
    #expect(!text.contains("place") && !text.contains("Neutral"))
    #expect(try JSONDecoder().decode(ConfiguredPair.self, from: Data(text.utf8)) == pairs[0])
  }

  @Test func errorsNameFileAndLine() throws {
    let rows = try dataset("\(Self.good)\n\n" + #"{"prompt":"x","answers":{"cautious":"a"}}"#)
    let error = #expect(throws: PreferenceError.self) { try rows.configured(by: policy()) }
    #expect(error?.row == 1 && error?.rowPlace == rows[1].place)
    #expect(error?.description.hasPrefix("\(rows.file.path):3: row 1 (counted from 0): missing answer: ") == true)
    let other = #expect(throws: PreferenceError.self) { try [rows[1]].configured(by: policy()) }
    #expect(other?.row == 0 && other?.description == error?.description)
  }

  @Test func refusesRowsBeyondTheData() throws {
    let error = #expect(throws: DatasetError.self) { try dataset("\(Self.good)\n\(Self.good)", rows: "1-5") }
    #expect(error?.reason == .missingRows && error?.detail == "1-5: the file has 2 rows, the last is row 1")
  }
}

@Suite struct RowSelectionTests {
  @Test(arguments: [("0-699", 0, 699), ("12", 12, 12), ("5-", 5, nil)])
  func readsFormsOfSelections(text: String, first: Int, last: Int?) throws {
    let rows = try #require(RowSelection(text))
    #expect(rows.first == first && rows.last == last)
    #expect(rows.description == text)
  }

  @Test(arguments: ["", "-", "-3", "7-3", "a", "1-2-3", "1.5", "٣", "99999999999999999999"])
  func refusesOtherTexts(text: String) { #expect(RowSelection(text) == nil) }

  @Test func includesBothEnds() throws {
    #expect(RowSelection("2-4")?.positions(in: 5) == 2..<5)
    #expect(RowSelection("2-")?.positions(in: 5) == 2..<5)
    #expect(RowSelection("4")?.positions(in: 5) == 4..<5)
    #expect(RowSelection("2-5")?.positions(in: 5) == nil)
  }
}
