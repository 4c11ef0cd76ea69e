import Foundation
import TestSupport
import Testing

/// The tool against the reference numbers, on the real model.
@Suite(.needsModel, .needsReference) struct ReferenceCommandTests {
  private struct Row: Decodable {
    let row: Int
    let promptIds: [Int]
    let chosenIds: [Int]
    let rejectedIds: [Int]
    let promptText: String
    let chosenText: String
    let rejectedText: String
    let chosenLogpF64: Double
    let rejectedLogpF64: Double
  }

  private struct DataRow: Decodable {
    let system: String
    let prompt: String
    let chosen: String
    let rejected: String
  }

  private func reference() throws -> (model: String, data: URL, rows: [Row]) {
    let (shared, model) = (try #require(ReferenceFiles.shared), try #require(ReferenceFiles.model))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let rows = try decoder.decode([Row].self, from: Data(contentsOf: shared.appending(path: "reference/rows.json")))
    return (model.path, shared.appending(path: "data/truthy-train.jsonl"), rows)
  }

  @Test func renderEqualsTheReference() throws {
    let (model, data, rows) = try reference()
    let lines = try String(contentsOf: data, encoding: .utf8).split(separator: "\n")
    let folder = try TemporaryFolder()
    func render(_ messages: [[String: String]], _ more: [String]) throws -> (text: String?, ids: [Int]?) {
      try JSONEncoder().encode(messages).write(to: folder["chat.json"])
      let object = try CommandLineTool.run(
        ["render", "--model", model, "--messages", folder["chat.json"].path, "--json"] + more
      ).object()
      return (object["text"] as? String, object["ids"] as? [Int])
    }
    for row in rows {
      let source = try JSONDecoder().decode(DataRow.self, from: Data(lines[row.row].utf8))
      let prompt = [["role": "system", "content": source.system], ["role": "user", "content": source.prompt]]
      let rendering = try render(prompt, ["--generation-prompt"])
      #expect(rendering.text == row.promptText)
      #expect(rendering.ids == row.promptIds)
      for (answer, ids) in [(source.chosen, row.chosenIds), (source.rejected, row.rejectedIds)] {
        let whole = try render(prompt + [["role": "assistant", "content": answer]], [])
        #expect(whole.ids == row.promptIds + ids)
      }
    }
  }

  @Test func tokenizeEqualsTheReference() throws {
    let (model, _, rows) = try reference()
    for row in rows {
      let texts = [
        (row.promptText, row.promptIds), (row.chosenText, row.chosenIds), (row.rejectedText, row.rejectedIds),
      ]
      for (text, ids) in texts {
        let outcome = try CommandLineTool.run(
          ["tokenize", "--model", model, "--as", "template"], input: Data(text.utf8))
        #expect(try outcome.object()["ids"] as? [Int] == ids)
      }
    }
  }

  /// Float32 itself differs from Float64 by up to 2.4e-3 on these sums.
  @Test func scoreEqualsTheReference() throws {
    let (model, data, rows) = try reference()
    let outcome = try CommandLineTool.run([
      "score", "--model", model, "--data", data.path, "--rows", "0-7", "--precision", "f32",
    ])
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == rows.count)
    for (line, row) in zip(lines, rows) {
      let scored = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let (chosen, rejected) = (scored["chosen"] as? [String: Any], scored["rejected"] as? [String: Any])
      #expect(scored["row"] as? Int == row.row)
      #expect(scored["prompt_tokens"] as? Int == row.promptIds.count)
      #expect(chosen?["tokens"] as? Int == row.chosenIds.count)
      #expect(rejected?["tokens"] as? Int == row.rejectedIds.count)
      #expect(abs(try #require(chosen?["logp"] as? Double) - row.chosenLogpF64) < 5e-3)
      #expect(abs(try #require(rejected?["logp"] as? Double) - row.rejectedLogpF64) < 5e-3)
    }
  }
}
