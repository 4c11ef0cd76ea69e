import Foundation
import TestSupport
import Testing

@testable import CSTCore

@Suite struct CapabilityFileTests {
  private func task(_ content: String, _ name: String = "rows.jsonl") throws -> CapabilityTask {
    let folder = try TemporaryFolder()
    let file = try folder.file(name, content)
    return try withExtendedLifetime(folder) { try CapabilityTask(contentsOf: URL(filePath: file)) }
  }

  @Test func readsQuestionsInTheirForms() throws {
    let rows = #"""
      {"question": "Q?", "options": ["x", "y"], "answer": 1, "id": 7, "subject": "s"}

      {"question": "Q?", "options": ["x", "y"], "answer": "A"}
      {"context": "C: ", "options": ["B", "x"], "answer": "x"}
      """#
    let task = try task("\u{FEFF}" + rows + "\r\n")
    guard case .multipleChoice(let questions) = task.content else {
      Issue.record("\(task.content)")
      return
    }
    #expect(
      questions == [
        MultipleChoiceQuestion("Q?", options: ["x", "y"], answer: 1, id: "7", subject: "s"),
        MultipleChoiceQuestion("Q?", options: ["x", "y"], answer: 0),
        MultipleChoiceQuestion(context: "C: ", options: ["B", "x"], answer: 1),
      ])
    #expect(task.name == "rows.jsonl" && questions.map { $0.place?.line } == [1, 3, 4])
    #expect(questions.map { $0.place?.row } == [0, 1, 2])
  }

  @Test func readsPromptsAndTexts() throws {
    let prompts = try task(
      #"{"prompt": "Hi?", "task": "small talk"}"# + "\n"
        + #"{"prompt": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]}"#)
    #expect(
      prompts.content
        == .prompts([CapabilityTask.Prompt([.user("Hi?")]), CapabilityTask.Prompt([.system("S"), .user("U")])]))
    #expect(try task("Some text.\n", "book.TXT").content == .text("Some text.\n"))
  }

  private static let good = #"{"question": "Q?", "options": ["x", "y"], "answer": 0}"#

  /// The second line of each file is wrong: what the message must say beside the file and the line.
  @Test(arguments: [
    (#"{"question": "Q?", "options": ["x", "y"]}"#, "missing: expected \"answer\" to be"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": 2}"#, "from 0 to 1; found 2"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": -1}"#, "found -1"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": 0.5}"#, "found 0.5"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": "C"}"#, "a letter from A to B"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": "z"}"#, #"found "z""#),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": true}"#, "found true"),
    (#"{"question": "Q?", "options": ["B", "A"], "answer": "A"}"#, "one meaning"),
    (#"{"question": "Q?", "options": ["x", "x"], "answer": 0}"#, #"found "x" twice"#),
    (#"{"question": "Q?", "options": ["x"], "answer": 0}"#, "found a list of 1"),
    (#"{"question": "Q?", "options": ["x", " "], "answer": 0}"#, #"the option " ""#),
    (#"{"question": "Q?", "options": ["x", 1], "answer": 0}"#, "found 1"),
    (#"{"question": "Q?", "options": "xy", "answer": 0}"#, #"found "xy""#),
    (#"{"question": "Q?", "answer": 0}"#, "\"options\" to be a list"),
    (#"{"question": " ", "options": ["x", "y"], "answer": 0}"#, "not blank"),
    (#"{"question": 1, "options": ["x", "y"], "answer": 0}"#, "found 1"),
    (#"{"options": ["x", "y"], "answer": 0}"#, "either \"question\" or \"context\""),
    (#"{"question": "Q?", "context": "Q", "options": ["x", "y"], "answer": 0}"#, "found both"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": 0, "hint": "x"}"#, #"found "hint""#),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": 0, "answer": 1}"#, "duplicate"),
    (#"{"question": "Q?", "options": ["x", "y"], "answer": 0, "id": []}"#, "\"id\" to be a text"),
    (#"{"prompt": "Hi?"}"#, "no other keys than"),
    (#"["x"]"#, "a JSON object"),
    (#"{"question": "Q?""#, "malformed"),
    (#"{} {}"#, "the end of the JSON text"),
  ])
  func refusesBadQuestions(row: String, message: String) throws {
    let error = #expect(throws: FormatError.self) { _ = try task(Self.good + "\n" + row + "\n") }
    let text = error?.description ?? ""
    #expect(text.contains("rows.jsonl: line 2: ") && text.contains(message), "\(text)")
  }

  @Test(arguments: [
    (#"{"prompt": ""}"#, "line 1: bad value: expected \"prompt\" to be"),
    (#"{"prompt": 1}"#, "found 1"),
    (#"{"prompt": []}"#, "found no message"),
    (#"{"prompt": [{"role": "assistant", "content": "x"}]}"#, "found the assistant's"),
    (#"{"prompt": [{"role": "judge", "content": "x"}]}"#, "judge"),
    (#"{"prompt": [{"role": "user", "content": "x", "name": "y"}]}"#, "name"),
    (#"{"prompt": "x", "chosen": "y", "rejected": "z"}"#, #"found "chosen""#),
    (#"{"text": "x"}"#, "or the key \"prompt\"; found \"text\""),
    (#"{}"#, "found an empty object"),
    ("\n\n", "blank lines alone"),
    ("", "an empty file"),
  ])
  func refusesBadPrompts(content: String, message: String) throws {
    let error = #expect(throws: FormatError.self) { _ = try task(content) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test func refusesOtherFiles() throws {
    let folder = try TemporaryFolder()
    try Data([0x61, 0x0A, 0xFF]).write(to: folder["bytes.txt"])
    for (name, content, message) in [
      ("rows.csv", "x", "found .csv"), ("rows", "x", "a name without an extension"),
      ("blank.txt", " \n", "white space alone"), ("empty.txt", "", "an empty file"),
    ] {
      let error = #expect(throws: FormatError.self) { _ = try task(content, name) }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }
    let error = #expect(throws: FormatError.self) { _ = try CapabilityTask(contentsOf: folder["bytes.txt"]) }
    #expect(error?.description.contains("bytes.txt: line 2: malformed text: expected UTF-8 text; found byte 2") == true)
    #expect(throws: FormatError.self) { _ = try CapabilityTask(contentsOf: folder["none.txt"]) }
  }
}
