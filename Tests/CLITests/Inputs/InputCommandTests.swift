import CSTCore
import Foundation
import TestSupport
import Testing

/// Files of other people's making through the tool.
@Suite struct InputCommandTests {
  private static let inputs = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/inputs")

  private func path(_ name: String) -> String { Self.inputs.appending(path: name).path }

  private func failure(_ arguments: [String]) throws -> String {
    let outcome = try CommandLineTool.run(arguments)
    #expect(outcome.code == 1 && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome.notes)")
    return outcome.notes
  }

  @Test func columnsAreReadWhereverRowsAre() throws {
    let fixture = try ToolFixture()
    let data = path("data/question.jsonl")
    let columns = ["--columns", "prompt=question"]
    #expect(try failure(["score", "--model", fixture.model, "--data", data]).contains("--columns prompt=question"))
    let score = try CommandLineTool.run(["score", "--model", fixture.model, "--data", data] + columns)
    #expect(score.code == 0 && score.output.hasPrefix(#"{"chosen""#), "\(score.notes)")
    let out = fixture.folder["converted.jsonl"].path
    let convert = try CommandLineTool.run(["data", "convert", data, "--to", "native", "--out", out] + columns)
    #expect(convert.code == 0, "\(convert.notes)")
    let row = #"{"chosen":"a b","prompt":"Q?","rejected":"c d"}"#
    #expect(try String(contentsOfFile: out, encoding: .utf8) == row + "\n")
    #expect(try CommandLineTool.run(["data", "check", data, "--min-tokens", "0"] + columns).code == 0)
    let table = fixture.folder["table.jsonl"].path
    let csv = try CommandLineTool.run(["data", "convert", path("data/csv.csv"), "--to", "native", "--out", table])
    #expect(csv.code == 0, "\(csv.notes)")
    let run = fixture.out()
    let train = try CommandLineTool.run(
      ["train", "--model", fixture.model, "--data", data, "--method", "dpo", "--out", run, "--steps", "1"] + columns)
    #expect(train.code == 0, "\(train.notes)")
    #expect(try String(contentsOfFile: run + "/run.json", encoding: .utf8).contains(#""columns" : "prompt=question""#))
    let usage = try CommandLineTool.run(["data", "check", data, "--columns", "title=x"])
    #expect(usage.code == 64 && usage.notes.contains("FIELD=COLUMN"))
  }

  @Test func messagesReachTheTemplate() throws {
    let model = path("messages/model")
    let render = try CommandLineTool.run(["render", "--model", model, "--messages", path("messages/messages.json")])
    #expect(
      render.output == """
        <|im_start|>user
        Weather?<|im_end|>
        <|im_start|>assistant
        <tool_call>get_weather</tool_call><|im_end|>
        <|im_start|>user
        And?<|im_end|>
        <|im_start|>assistant
        <think>look it up</think>Sunny<|im_end|>
        <|im_start|>user
        Ok<|im_end|>

        """, "\(render.notes)")
    let rows = path("messages/rows.jsonl")
    let score = try CommandLineTool.run(["score", "--model", model, "--data", rows])
    #expect(score.code == 0 && score.notes.contains("does not look at tools (1 row)"), "\(score.notes)")
    let line = try #require(try score.object()["chosen"] as? [String: Any])
    // <think>look it up</think>Sunny. and the end of the turn, a token a byte.
    #expect(line["tokens"] as? Int ?? 0 > "Sunny.<|im_end|>".utf8.count - 9)
    let check = try CommandLineTool.run(["data", "check", rows, "--model", model, "--min-tokens", "0"])
    #expect(check.output.contains("unseen") || check.output.contains("does not write"), "\(check.output)")
  }

  @Test func modelsThatAreNotWholeAreSaidSo() throws {
    #expect(try failure(["info", path("files/lfs")]).contains("git lfs pull"))
    #expect(try failure(["info", path("files/m-00002-of-00002.gguf")]).contains("m-00001-of-00002.gguf"))
    #expect(try failure(["info", path("files/noindex")]).contains("model.safetensors.index.json"))
    let whole = try CommandLineTool.run(["info", "--model", path("files/m-00001-of-00002.gguf")])
    #expect(whole.code == 0 && whole.output.contains("2 layers"), "\(whole.notes)")
    #expect(try CommandLineTool.run(["info"]).code == 64)
  }

  @Test(arguments: [
    ("adapter_bin", "save_pretrained"), ("adapter_mlx", "mlx"), ("adapter_trlrun", "checkpoint-10"),
    ("noindex", "a whole model"), ("adapter_trlrun/checkpoint-10/adapter_model.safetensors", "name the folder"),
  ])
  func adaptersOfOtherKindsAreNamed(name: String, part: String) throws {
    let notes = try failure([
      "generate", "--model", path("messages/model"), "--adapter", path("files/\(name)"), "--prompt", "Hi",
    ])
    #expect(notes.contains(part), "\(notes)")
  }

  @Test func keysAreIgnoredByName() throws {
    let folder = try TemporaryFolder()
    let place = folder["model"]
    try FileManager.default.copyItem(at: Self.inputs.appending(path: "messages/model"), to: place)
    let file = place.appending(path: "config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacing(#""model_type""#, with: #""house_style": 3, "model_type""#).utf8).write(to: file)
    #expect(try failure(["info", place.path]).contains("--ignore-keys house_style"))
    let info = try CommandLineTool.run(["info", place.path, "--ignore-keys", "house_style"])
    #expect(info.code == 0 && info.output.contains("ignoring house_style"), "\(info.notes)")
    #expect(try failure(["info", place.path, "--ignore-keys", "house_styl"]).contains("no such key"))
    #expect(try failure(["info", place.path, "--ignore-keys", "hidden_size,house_style"]).contains("decides"))
  }

  @Test func repliesSayHowTheyEnded() throws {
    let fixture = try ToolFixture()
    let outcome = try CommandLineTool.run([
      "generate", "--model", fixture.model, "--prompt", "Hi", "--max-tokens", "3", "--json",
    ])
    let object = try outcome.object()
    #expect(object["finish_reason"] as? String == "length" && object["completion_tokens"] as? Int == 3)
    #expect(object["prompt_tokens"] as? Int ?? 0 > 10)
  }

  @Test func manyPromptsAreAnsweredAndGoneOnWith() throws {
    let fixture = try ToolFixture()
    let prompts = try fixture.folder.file("prompts.txt", "\u{FEFF}One?\nTwo?\n\nThree?\n")
    let out = fixture.folder["replies.jsonl"]
    let command = [
      "generate", "--model", fixture.model, "--policy", fixture.policy, "--configuration", "all", "--prompts", prompts,
      "--out", out.path, "--max-tokens", "4", "--temperature", "1",
    ]
    let first = try CommandLineTool.run(command)
    #expect(first.code == 0, "\(first.notes)")
    let lines = try String(contentsOf: out, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 6)
    let row = try #require(JSONSerialization.jsonObject(with: Data(lines[3].utf8)) as? [String: Any])
    #expect(row["row"] as? Int == 1 && row["configuration"] as? String == "direct")
    #expect(!FileManager.default.fileExists(atPath: fixture.folder["replies.partial.jsonl"].path))
    let alone = try CommandLineTool.run(command.map { $0 == out.path ? fixture.folder["again.jsonl"].path : $0 })
    #expect(alone.code == 0)
    #expect(try Data(contentsOf: fixture.folder["again.jsonl"]) == Data(contentsOf: out))
    #expect(try CommandLineTool.run(["generate", "--model", fixture.model, "--prompts", prompts]).code == 64)
  }
}
