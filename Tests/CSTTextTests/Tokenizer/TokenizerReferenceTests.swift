import Foundation
import TestSupport
import Testing

@testable import CSTText

/// Ids equal those of the reference tokenizer; the fixtures' recipe is Scripts/make-tokenizer-fixture.py.
@Suite(.needsModel) struct TokenizerReferenceTests {
  private struct TextRow: Decodable {
    var text: String
    var content: [Int32]
    var template: [Int32]?
    var gpt2: [Int32]?
  }
  private struct DecodingRow: Decodable {
    var ids: [Int32]
    var text: String
  }
  private struct ChatRow: Decodable {
    var messages: [Message]
    var generationPrompt: Bool
    var text: String
    var ids: [Int32]
  }

  @Test func textsEncodeAsTheReference() throws {
    let definition = try TokenizerTestModel.definition()
    let tokenizer = try Tokenizer(definition)
    var gpt2Definition = definition
    gpt2Definition.preTokenizer = "gpt-2"
    let gpt2 = try Tokenizer(gpt2Definition)
    let rows: [TextRow] = try TokenizerTestModel.fixture("texts.jsonl")
    #expect(rows.count >= 2500)
    var differences: [String] = []
    for row in rows {
      if tokenizer.encode(content: row.text) != row.content {
        differences.append("content \(row.text.debugDescription)")
      }
      if tokenizer.encode(template: row.text) != row.template ?? row.content {
        differences.append("template \(row.text.debugDescription)")
      }
      if gpt2.encode(content: row.text) != row.gpt2 ?? row.content {
        differences.append("gpt-2 \(row.text.debugDescription)")
      }
    }
    #expect(differences == [])
  }

  @Test func textsSurviveEncodingAndDecoding() throws {
    let definition = try TokenizerTestModel.definition()
    let tokenizer = try Tokenizer(definition)
    let unencodable = Set(tokenizer.unencodableBytes)
    #expect(unencodable.isSuperset(of: [0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xF1, 0xF2]))
    let rows: [TextRow] = try TokenizerTestModel.fixture("texts.jsonl")
    var exact = 0
    for row in rows {
      for ids in [tokenizer.encode(content: row.text), tokenizer.encode(template: row.text)] {
        let kept = row.text.utf8.filter { !unencodable.contains($0) }
        if kept.count == row.text.utf8.count { exact += 1 }
        #expect(tokenizer.decode(ids).utf8.elementsEqual(String(decoding: kept, as: UTF8.self).utf8))
      }
    }
    #expect(exact > 2 * 2500)
  }

  @Test func idsDecodeAsTheReference() throws {
    let definition = try TokenizerTestModel.definition()
    let tokenizer = try Tokenizer(definition)
    let rows: [DecodingRow] = try TokenizerTestModel.fixture("decoding.jsonl")
    #expect(rows.count == 250)
    for row in rows {
      #expect(tokenizer.decode(row.ids).utf8.elementsEqual(row.text.utf8))
      var stream = TokenTextStream(tokenizer)
      let streamed = row.ids.map { stream.append($0) }.joined() + stream.finish()
      #expect(streamed.utf8.elementsEqual(row.text.utf8))
    }
  }

  @Test func conversationsRenderAsTheReference() throws {
    let definition = try TokenizerTestModel.definition()
    let tokenizer = try Tokenizer(definition)
    let template = try ChatTemplate(definition.chatTemplate, for: tokenizer)
    #expect(template.name == "ChatML" && template.systemRole == .native)
    #expect(template.endOfTurnID == tokenizer.eosID)
    let rows: [ChatRow] = try TokenizerTestModel.fixture("chat.jsonl")
    #expect(rows.count == 60)
    for row in rows {
      let rendered = try template.render(row.messages, generationPrompt: row.generationPrompt ? .appended : .omitted)
      #expect(rendered.text.utf8.elementsEqual(row.text.utf8))
      #expect(tokenizer.encode(rendered) == row.ids)
      #expect(tokenizer.encode(template: row.text) == row.ids)
    }
  }
}

/// The eight reference rows made with PyTorch and transformers; they are not in the repository.
@Suite(.needsModel, .needsReference) struct ReferenceRowTests {
  private struct Row: Decodable {
    var row: Int
    var promptText: String
    var promptIds: [Int32]
    var chosenIds: [Int32]
    var rejectedIds: [Int32]
  }
  private struct Pair: Decodable {
    var system: String
    var prompt: String
    var chosen: String
    var rejected: String
  }

  @Test func promptsAndAnswersHaveTheReferenceIds() throws {
    let (definition, shared) = (try TokenizerTestModel.definition(), try #require(ReferenceFiles.shared))
    let tokenizer = try Tokenizer(definition)
    let template = try ChatTemplate(definition.chatTemplate, for: tokenizer)
    let data = try Data(contentsOf: shared.appending(path: "reference/rows.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let rows = try decoder.decode([Row].self, from: data)
    let lines = try Data(contentsOf: shared.appending(path: "data/truthy-train.jsonl")).split(separator: 10)
    #expect(rows.count == 8)
    for row in rows {
      let pair = try JSONDecoder().decode(Pair.self, from: lines[row.row])
      let prompt = try template.render([.system(pair.system), .user(pair.prompt)], generationPrompt: .appended)
      #expect(prompt.text == row.promptText)
      #expect(tokenizer.encode(prompt) == row.promptIds)
      for (answer, ids) in [(pair.chosen, row.chosenIds), (pair.rejected, row.rejectedIds)] {
        let whole = try template.render(
          [.system(pair.system), .user(pair.prompt), .assistant(answer)], generationPrompt: .omitted)
        #expect(tokenizer.encode(whole) == row.promptIds + ids)
      }
    }
  }
}
