import CSTCore
import Foundation
import TestSupport
import Testing

/// Input that cannot be used: exit code 1, one `error:` line naming the file, nothing on standard output, nothing written.
@Suite struct BadInputTests {
  private func expectFailure(
    _ arguments: [String], saying parts: String..., environment: [String: String] = [:], input: Data = Data(),
    in fixture: ToolFixture, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try fixture.folder.names()
    let outcome = try CommandLineTool.run(arguments, input: input, environment: environment)
    #expect(outcome.code == 1, sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, "\(outcome.notes)", sourceLocation: sourceLocation)
    #expect(!outcome.notes.contains("Error Domain"), sourceLocation: sourceLocation)
    #expect(!outcome.notes.contains("NSCocoa"), "\(outcome.notes)", sourceLocation: sourceLocation)
    for part in parts { #expect(outcome.notes.contains(part), "\(outcome.notes)", sourceLocation: sourceLocation) }
    #expect(try fixture.folder.names() == before, "something was written", sourceLocation: sourceLocation)
  }

  @Test func models() throws {
    let fixture = try ToolFixture()
    let folder = fixture.folder
    let bytes = try Data(contentsOf: folder["tiny.gguf"])
    let files = try [
      "missing.gguf": (nil, "no such file"),
      "truncated.gguf": (bytes.prefix(bytes.count / 2), "truncated"),
      "header.gguf": (bytes.prefix(30), "truncated"),
      "empty.gguf": (Data(), "empty"),
      "magic.gguf": (Data("GGML".utf8) + bytes.dropFirst(4), "not this kind of file"),
      "iq2.gguf": (withUnsupportedType(bytes), "IQ2_XXS"),
    ]
    for (name, (content, part)) in files {
      try content?.write(to: folder[name])
      for command in [["info", folder[name].path], ["generate", "--model", folder[name].path, "--prompt", "Hi"]] {
        try expectFailure(command, saying: name, part, in: fixture)
      }
    }
    try TinyModel.write(to: folder["bert.gguf"], architecture: "bert")
    try expectFailure(["info", folder["bert.gguf"].path], saying: "bert.gguf", "general.architecture", in: fixture)
    try expectFailure(["info", folder.location.path], saying: folder.location.path, "folder", in: fixture)
  }

  /// The file with the first projection's type replaced by one that is not supported.
  private func withUnsupportedType(_ bytes: Data) throws -> Data {
    var bytes = bytes
    let name = try #require(bytes.range(of: Data("blk.0.attn_q.weight".utf8)))
    let type = name.upperBound + 4 + 2 * 8
    bytes.replaceSubrange(type..<type + 4, with: [16, 0, 0, 0])
    return bytes
  }

  @Test func data() throws {
    let fixture = try ToolFixture()
    let folder = fixture.folder
    let good = #"{"system":"S","prompt":"P","chosen":"A","rejected":"B"}"#
    let long = String(repeating: "word ", count: 600)
    let files = [
      ("syntax.jsonl", good + "\n{\"prompt\": \"P\", \n", "syntax.jsonl:2"),
      ("field.jsonl", good + "\n\n" + #"{"prompt":"P","chosen":"A"}"#, "field.jsonl:3"),
      ("empty.jsonl", "", "no rows"),
      ("same.jsonl", #"{"prompt":"P","chosen":"A","rejected":"A"}"#, "row 0"),
      ("long.jsonl", good + "\n" + #"{"prompt":"\#(long)","chosen":"A","rejected":"B"}"#, "row 1"),
      ("answers.jsonl", #"{"prompt":"P","answers":{"cautious":"A","direct":"B"}}"#, "policy"),
    ]
    for (name, text, part) in files {
      let path = try folder.file(name, text)
      for command in ["score", "train"] {
        let arguments =
          [command, "--model", fixture.model, "--data", path]
          + (command == "train" ? ["--method", "dpo", "--out", fixture.out()] : [])
        try expectFailure(arguments, saying: name, part, in: fixture)
      }
    }
    let score = ["score", "--model", fixture.model, "--data"]
    try expectFailure(score + [folder["missing.jsonl"].path], saying: "missing.jsonl", "no such file", in: fixture)
    try expectFailure(score + [folder.location.path], saying: "folder", in: fixture)
    try expectFailure(score + [fixture.data, "--rows", "5-8"], saying: "rows.jsonl", "8 rows", in: fixture)
    try expectFailure(score + [fixture.data, "--out", folder.location.path], saying: "folder", in: fixture)
    try expectFailure(score + [fixture.data, "--out", fixture.out("no/such")], saying: "no folder", in: fixture)
    try Data([0x7B, 0xFF]).write(to: folder["bytes.jsonl"])
    try expectFailure(score + [folder["bytes.jsonl"].path], saying: "bytes.jsonl:1", "UTF-8", in: fixture)
  }

  @Test(.needsPermissions) func unreadableFiles() throws {
    let fixture = try ToolFixture()
    let path = try fixture.folder.file("secret.jsonl", "{}")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    try expectFailure(["score", "--model", fixture.model, "--data", path], saying: "no permission", in: fixture)
  }

  @Test func policiesAndConfigurations() throws {
    let fixture = try ToolFixture()
    let generate = ["generate", "--model", fixture.model, "--prompt", "Hi", "--policy"]
    try expectFailure(
      generate + [fixture.policy, "--configuration", "bold"], saying: "\"bold\"", "\"cautious\", \"direct\"",
      in: fixture)
    try expectFailure(generate + [fixture.folder.location.path], saying: "folder", in: fixture)
    let typo = try fixture.folder.file("typo.json", #"{"name":"a","default":"b","configuration":[]}"#)
    try expectFailure(generate + [typo], saying: "typo.json", "configuration", in: fixture)
    let other = #"{"prompt":"P","answers":{"cautious":"A","bold":"B"}}"#
    let rows = try fixture.folder.file("bold.jsonl", other)
    try expectFailure(
      ["train", "--model", fixture.model, "--data", rows, "--policy", fixture.policy, "--out", fixture.out()],
      saying: "bold.jsonl", "row 0", "\"bold\"", in: fixture)
  }

  @Test func adapters() throws {
    let fixture = try ToolFixture()
    let folder = fixture.folder
    try TinyModel.write(to: folder["wide.gguf"], width: 128)
    let wide = fixture.out("wide")
    let training = try CommandLineTool.run([
      "train", "--model", folder["wide.gguf"].path, "--data", fixture.data, "--method", "dpo", "--out", wide, "--steps",
      "1", "--lora-rank", "2",
    ])
    #expect(training.code == 0)
    let score = ["score", "--model", fixture.model, "--data", fixture.data, "--adapter"]
    try expectFailure(score + [wide], saying: "adapter_model.safetensors", "shape", in: fixture)
    try expectFailure(score + [folder["nowhere"].path], saying: "nowhere", in: fixture)
    try expectFailure(score + [folder.location.path], saying: "adapter_config.json", in: fixture)
    try expectFailure(
      [
        "train", "--model", fixture.model, "--data", fixture.data, "--method", "dpo", "--out", fixture.out(),
        "--init-adapter", wide,
      ],
      saying: "shape", in: fixture)
  }

  @Test func texts() throws {
    let fixture = try ToolFixture()
    try expectFailure(
      ["tokenize", "--model", fixture.model], saying: "standard input", "offset 2", input: Data([0x61, 0x62, 0xFF]),
      in: fixture)
    let render = ["render", "--model", fixture.model, "--messages"]
    let role = try fixture.folder.file("role.json", #"[{"role":"robot","content":"Hi"}]"#)
    try expectFailure(render + [role], saying: "role.json", "robot", in: fixture)
    let none = try fixture.folder.file("none.json", "[]")
    try expectFailure(render + [none], saying: "none.json", in: fixture)
    let deep = try fixture.folder.file("deep.json", String(repeating: "[", count: 5000))
    try expectFailure(render + [deep], saying: "deep.json", in: fixture)
    let long = try fixture.folder.file(
      "long.json", #"[{"role":"user","content":"\#(String(repeating: "word ", count: 600))"}]"#)
    #expect(try CommandLineTool.run(render + [long]).code == 0)
    try expectFailure(
      ["generate", "--model", fixture.model, "--prompt", String(repeating: "word ", count: 600)], saying: "512",
      in: fixture)
  }

  @Test func kernelsAndFolders() throws {
    let fixture = try ToolFixture()
    try expectFailure(
      ["info", fixture.model], saying: "CST_KERNELS=none", environment: ["CST_KERNELS": "none"], in: fixture)
    try expectFailure(fixture.train(out: fixture.data), saying: "folder", in: fixture)
    try expectFailure(fixture.train(out: fixture.out(), "--resume"), saying: "checkpoint.safetensors", in: fixture)
  }
}
