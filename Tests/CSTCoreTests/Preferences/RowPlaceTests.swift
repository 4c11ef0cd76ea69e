import Foundation
import Testing

@testable import CSTCore

/// Errors about a row say where it stands, where that is known, and its number otherwise.
@Suite struct RowPlaceTests {
  private let place = RowPlace(file: URL(filePath: "/data/pairs.jsonl"), line: 12, row: 9)

  @Test func ofPreferences() {
    var error = PreferenceError(reason: .missingAnswer, file: URL(filePath: "/data/policy.json"), row: 4, detail: "d")
    #expect(error.description == "/data/policy.json: row 4 (counted from 0): missing answer: d")
    error.rowPlace = place
    #expect(error.description == "/data/pairs.jsonl:12: row 9 (counted from 0): missing answer: d")
  }

  @Test func ofConversations() {
    var error = ConversationError(reason: .noEndOfTurn, row: 4)
    #expect(error.description.hasPrefix("row 4: the chat template"))
    error.rowPlace = place
    #expect(error.description.hasPrefix("/data/pairs.jsonl:12: row 9: the chat template"))
  }

  @Test func ofEvaluations() {
    var error = EvaluationError(reason: .incomplete, model: "m", row: 4, detail: "d")
    #expect(error.description == "model \"m\": row 4 (counted from 0): incomplete: d")
    error.rowPlace = place
    #expect(error.description == "model \"m\": /data/pairs.jsonl:12: row 9 (counted from 0): incomplete: d")
  }

  @Test func ofTraining() {
    var error = TrainingError(reason: .nonFinite(quantity: "the loss", step: 2, rows: [4]))
    #expect(error.description.contains("step 2: the loss is not finite (rows 4); "))
    error.rowPlaces = [place]
    #expect(error.description.contains("(rows /data/pairs.jsonl:12); "))
  }
}
