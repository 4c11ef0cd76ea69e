import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTData

/// Rows in the forms of other people: read, or refused with the way out.
@Suite struct InputFormsTests {
  private static let inputs = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/inputs/data")

  private func rows(_ name: String, columns: String? = nil) throws -> [PreferencePair] {
    let names = try columns.map { try #require(ColumnNames($0)) } ?? .usual
    return Array(try PreferenceDataset(contentsOf: Self.inputs.appending(path: name), columns: names))
  }

  private func rows(json text: String, file: String = "rows.jsonl") throws -> [PreferencePair] {
    try [PreferencePair](json: Data(text.utf8), from: URL(filePath: "/data/\(file)"))
  }

  private func ranked(
    _ prompt: [Message] = [.user("Q?")], _ chosen: String = "a b", _ rejected: String = "c d",
    _ scope: PreferencePair.Scope = .unstated
  ) -> PreferencePair {
    PreferencePair(prompt: prompt, answers: .ranked(chosen: chosen, rejected: rejected, scope: scope))
  }

  private static let policy =
    #"{"name": "p", "default": "a", "configurations": [{"name": "a", "system": "A"}, {"name": "b", "system": "B"}]}"#

  // MARK: Columns

  @Test(arguments: [
    ("question.jsonl", "prompt=question"), ("accepted.jsonl", "chosen=accepted"),
    ("chosen_response.jsonl", "chosen=chosen_response,rejected=rejected_response"), ("orca.jsonl", "prompt=question"),
    ("instruction.jsonl", "prompt=instruction+input"),
  ])
  func columnsAreNamedAndRead(name: String, columns: String) throws {
    let error = #expect(throws: DatasetError.self) { try rows(name) }
    #expect(error?.description.contains("--columns \(columns)") == true, "\(String(describing: error))")
    #expect(error?.line == 1)
    let prompt = name == "instruction.jsonl" ? "Do x\ny" : "Q?"
    let scope: PreferencePair.Scope = name == "orca.jsonl" ? .systemPrompt("You are kind.") : .unstated
    #expect(try rows(name, columns: columns) == [ranked([.user(prompt)], "a b", "c d", scope)])
  }

  @Test func namesOfColumnsAreChecked() throws {
    for bad in ["", "prompt", "prompt=", "=x", "title=x", "prompt=a,prompt=b", "prompt=a,,chosen=b", "answers.=x"] {
      #expect(ColumnNames(bad) == nil, "\(bad)")
    }
    #expect(ColumnNames("prompt = q , chosen=a")?.description == "prompt=q,chosen=a")
    let missing = #expect(throws: DatasetError.self) { try rows("question.jsonl", columns: "prompt=title") }
    #expect(missing?.detail.contains("\"title\"") == true && missing?.detail.contains("question") == true)
    let twice = #expect(throws: DatasetError.self) { try rows("accepted.jsonl", columns: "prompt=accepted") }
    #expect(twice?.detail.contains("prompt") == true)
  }

  @Test func answersAreReadFromColumns() throws {
    let text = #"{"q": "Q?", "safe": "No.", "full": "Yes.", "id": 3}"#
    let columns = try #require(ColumnNames("prompt=q,answers.cautious=safe,answers.direct=full"))
    let row = try RowDecoder(Data(text.utf8), from: URL(filePath: "/r.jsonl"), columns: columns).pair(at: 0)
    #expect(row.answers == .byConfiguration(["cautious": "No.", "direct": "Yes."]))
    #expect(row.columns == ["id": 3])
  }

  @Test(arguments: [
    (#"{"prompt": "Q?", "completion": "a", "label": true}"#, "unpaired"),
    (#"{"messages": [{"role": "user", "content": "Q?"}]}"#, "no second answer"),
    (#"{"data": [{"prompt": "Q?", "chosen": "a", "rejected": "b"}]}"#, #"list under the key "data""#),
    (#"{"a": 1, "b": 2}"#, "the row has a, b"),
    (#"{"prompt": "Q?", "Preferred Response": "a", "Rejected-Response": "b"}"#, "chosen=Preferred Response"),
    (
      #"{"prompt": "Q?", "chosen": "a", "chosen_score": 1, "model_rejected": "m", "answer_rejected": "b"}"#,
      "rejected=answer_rejected"
    ),
  ])
  func otherKindsOfDataAreNamed(text: String, part: String) {
    let error = #expect(throws: DatasetError.self) { try rows(json: text) }
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
  }

  // MARK: Conversations

  @Test func implicitPromptsAreDrawnOutAsTRLDoes() throws {
    #expect(try rows("implicit.jsonl") == [ranked()])
    let pair = try #require(try rows("ultrafeedback.jsonl").first)
    #expect(pair.prompt == [.user("Q?")] && pair.answers == ranked().answers)
    #expect(pair.columns["prompt_id"] == "ff" && pair.columns["messages"] != nil)
    let turns =
      #"{"role": "system", "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}"#
    let deep =
      #"{"chosen": [\#(turns), {"role": "assistant", "content": "w"}], "rejected": [\#(turns), {"role": "assistant", "content": "l"}]}"#
    #expect(
      try rows(json: deep) == [ranked([.user("a"), .assistant("b"), .user("c")], "w", "l", .systemPrompt("S"))])
    let hh =
      #"{"chosen": "\n\nHuman: Tea?\n\nAssistant: Yes.\n\nHuman: How?\n\nAssistant: Hot.", "rejected": "\n\nHuman: Tea?\n\nAssistant: Yes.\n\nHuman: How?\n\nAssistant: No."}"#
    #expect(try rows(json: hh) == [ranked([.user("Tea?"), .assistant("Yes."), .user("How?")], "Hot.", "No.")])
  }

  @Test(arguments: [
    (
      #"{"chosen": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "w"}], "rejected": [{"role": "user", "content": "y"}, {"role": "assistant", "content": "l"}]}"#,
      "do not begin with the same messages"
    ),
    (
      #"{"chosen": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "w"}, {"role": "user", "content": "m"}, {"role": "assistant", "content": "n"}], "rejected": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "l"}]}"#,
      "part at message 1"
    ),
    (
      #"{"prompt": "z", "chosen": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "w"}], "rejected": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "l"}]}"#,
      #"field "prompt": contradicts"#
    ),
    (
      #"{"prompt": [{"role": "wizard", "content": "a"}], "chosen": "w", "rejected": "l"}"#,
      "system, user, assistant, tool"
    ),
    (
      #"{"prompt": [{"role": "user", "content": [{"type": "image_url"}]}], "chosen": "w", "rejected": "l"}"#,
      #"field "prompt[0].content[0]": a part of type "image_url""#
    ),
    (#"{"prompt": "x", "chosen": "w", "rejected": "l", "tools": 7}"#, #"field "tools""#),
    (#"{"prompt": "x", "chosen": "w", "rejected": "l", "chat_template_kwargs": {"a": 1}}"#, "chat_template_kwargs"),
  ])
  func conversationsThatCannotBeReadAreRefusedByName(text: String, part: String) {
    let error = #expect(throws: DatasetError.self) { try rows(json: text) }
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
  }

  @Test func partsRolesAndToolCallsAreRead() throws {
    #expect(try rows("parts.jsonl") == [ranked([.user("Hi")], "Hello", "Bye")])
    #expect(try rows("developer.jsonl") == [ranked([.user("Hi")], "Hello", "Bye", .systemPrompt("Be kind"))])
    let pair = try #require(try rows("tool.jsonl").first)
    #expect(pair.prompt.map(\.role) == [.user, .assistant, .tool])
    #expect(pair.prompt[1].fields["tool_calls"]?.array?.count == 1 && pair.prompt[1].fields["content"] == .null)
    #expect(pair.prompt[2].content == "sunny" && pair.prompt[2].fields["tool_call_id"] == "c1")
    let folder = try TemporaryFolder()
    try [pair].write(to: folder["rows.jsonl"])
    #expect(try [PreferencePair](contentsOf: folder["rows.jsonl"]) == [pair])
    let shareGPT =
      #"{"prompt": [{"from": "human", "value": "Q?"}], "chosen": {"from": "gpt", "value": "a b"}, "rejected": {"from": "gpt", "value": "c d"}}"#
    #expect(try rows(json: shareGPT) == [ranked()])
  }

  @Test func thoughtsOfAnswersAreKept() throws {
    let file = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/inputs/messages/rows.jsonl")
    let pairs = try [PreferencePair](contentsOf: file)
    let configured = try pairs.asWritten()
    #expect(configured[0].chosenFields["reasoning_content"] == "look it up" && configured[0].rejectedFields.isEmpty)
    #expect(configured[0].tools.count == 1)
    let folder = try TemporaryFolder()
    for form in [PreferenceForm.native, .conversational] {
      try pairs.write(to: folder["rows.jsonl"], as: form)
      #expect(try [PreferencePair](contentsOf: folder["rows.jsonl"]).asWritten() == configured)
    }
    let refusal = #expect(throws: DatasetError.self) { try pairs.write(to: folder["t.jsonl"], as: .trl) }
    #expect(refusal?.detail.contains("tool_calls") == true || refusal?.detail.contains("reasoning") == true)
  }

  // MARK: Files

  @Test(arguments: [
    ("nan.jsonl", "column 60", "NaN"), ("trailcomma.jsonl", "column 48", "remove the commas"),
    ("pretty.json", "line 1, column 2", "jq -c ."), ("wrapped.json", "line 1, column 2", #"list under the key "data""#),
    ("cr.jsonl", "line 1", "end in CR alone"), ("rawctl.jsonl", "column 13", "U+0009"),
    ("parquet.parquet", "a Parquet file", "from_parquet"),
  ])
  func whatAFileLooksLikeIsSaid(name: String, place: String, part: String) {
    let error = #expect(throws: DatasetError.self) { try rows(name) }
    #expect(error?.detail.contains(place) == true, "\(String(describing: error))")
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("prompt,chosen,rejected\na,b,c\n", "a table with commas"),
    ("prompt\tchosen\trejected\na\tb\tc\n", "name the file .tsv"),
    ("{'prompt': 'a', 'chosen': 'b', 'rejected': 'c'}\n", "how Python prints"),
    (#"{"prompt": "a", "chosen": "b", "rejected": None}"#, "how Python prints"),
    (#"{"prompt": "a", "chosen": "b", "rejected": "c",}"#, "remove the comma"),
    ("{\n\"prompt\": [\"a\"],\n\"chosen\": [\"b\"],\n\"rejected\": [\"c\"]\n}", "by columns"),
    ("<!DOCTYPE html><html>", "a web page"), ("version https://git-lfs.github.com/spec/v1\noid x\n", "git lfs pull"),
    (#"{"prompt": "a", "chosen": "b", "rejected": "c", "prompt": "d"}"#, #"the key "prompt" again"#),
    (#"{"prompt": "a", "chosen": "b", "rejected": "c", "meta": {"k": 1, "k": 2}}"#, #"the key "k" again"#),
    (
      "{\n \"prompt\": \"a\", \"chosen\": \"b\",\n \"rejected\": \"c\"\n},\n{\n \"prompt\": \"d\"}",
      "put [ and ] around"
    ),
    (#"{"prompt": "a" "chosen": "b"}"#, "column 16: expected ',' or '}'"),
    ("// rows\n{}", "JSON has no comments"), ("{\u{201C}prompt\u{201D}: 1}", "plain quotation marks"),
  ])
  func whatATextLooksLikeIsSaid(text: String, part: String) {
    let error = #expect(throws: DatasetError.self) { try rows(json: text) }
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
  }

  @Test func tablesAndGzipFilesAreRead() throws {
    #expect(try rows("csv.csv") == [ranked([.user("a?")], "x y", "z w")])
    #expect(try rows("gz.jsonl.gz").count == 2)
    let table =
      "\u{FEFF}prompt,chosen,rejected,note\r\n\"a, \"\"b\"\"\nc?\",x,,n\r\nq,\"[{\"\"role\"\": \"\"assistant\"\", \"\"content\"\": \"\"w\"\"}]\",l,\r\n"
    let read = try rows(json: table, file: "rows.csv")
    #expect(read.map(\.prompt) == [[.user("a, \"b\"\nc?")], [.user("q")]])
    #expect(
      read[1].answers == .ranked(chosen: "w", rejected: "l", scope: .unstated) && read[0].columns == ["note": "n"])
    #expect(read.map { $0.place?.line } == [2, 4])
    for (bad, part) in [
      ("prompt,chosen\na\n", "expected 2 cells"), ("prompt,prompt\na,b\n", "two columns"),
      ("prompt\n\"a", "not closed"),
      ("prompt,chosen,rejected\nq,\"[{'role': 'assistant'}]\",l\n", "as Python prints"),
    ] {
      let error = #expect(throws: DatasetError.self) { try rows(json: bad, file: "rows.csv") }
      #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
    }
    #expect(try rows(json: "prompt\tchosen\trejected\na\tb\tc\n", file: "rows.tsv").count == 1)
  }

  @Test func aByteOrderMarkIsNoText() throws {
    let prompts = try [SynthesisPrompt](contentsOf: Self.inputs.appending(path: "prompts-with-bom.txt"))
    #expect(prompts.map(\.question) == ["Bom line"])
  }

  @Test func trainingAndCheckJudgeEmptyAnswersAlike() async throws {
    let pairs = try rows("empty-answer.jsonl")
    let report = try await DatasetCheck().report(on: pairs)
    #expect(report[.emptyAnswer]?.count == 1)
    let error = #expect(throws: PreferenceError.self) { try pairs.asWritten() }
    #expect(error?.reason == .emptyAnswer && error?.row == 1)
    let policy = try JSONDecoder().decode(SafetyPolicy.self, from: Data(Self.policy.utf8))
    let neutral = PreferencePair(
      prompt: [.user("x")], answers: .ranked(chosen: " ", rejected: "l", scope: .everyConfiguration))
    #expect(throws: PreferenceError.self) { try [neutral].configured(by: policy) }
    let answers = PreferencePair(prompt: [.user("x")], answers: .byConfiguration(["a": "\n", "b": "y"]))
    #expect(throws: PreferenceError.self) { try [answers].configured(by: policy) }
  }
}
