import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

@Suite struct DatasetReadingTests {
  private let file = URL(fileURLWithPath: "/data/pairs.jsonl")

  private func rows(_ text: String) throws -> [PreferencePair] {
    try [PreferencePair](json: Data(text.utf8), from: file)
  }

  private func failure(_ text: String) -> DatasetError? {
    #expect(throws: DatasetError.self) { try rows(text) }
  }

  private func ranked(_ scope: PreferencePair.Scope, prompt: [Message] = [.user("x")]) -> PreferencePair {
    PreferencePair(prompt: prompt, answers: .ranked(chosen: "w", rejected: "l", scope: scope))
  }

  // MARK: Forms

  @Test func readsAnswersPerConfiguration() throws {
    #expect(
      try rows(#"{"prompt": "x", "answers": {"cautious": "y0", "direct": "y1"}}"#) == [
        PreferencePair(prompt: [.user("x")], answers: .byConfiguration(["cautious": "y0", "direct": "y1"]))
      ])
  }

  @Test func readsRankedForms() throws {
    let answers = #""prompt": "x", "chosen": "w", "rejected": "l""#
    #expect(try rows("{\(answers), \"configuration\": \"*\"}") == [ranked(.everyConfiguration)])
    #expect(try rows("{\(answers), \"configuration\": \"direct\"}") == [ranked(.configuration("direct"))])
    #expect(try rows("{\(answers), \"system\": \"S\"}") == [ranked(.systemPrompt("S"))])
    #expect(try rows("{\(answers)}") == [ranked(.unstated)])
    #expect(
      try rows(#"{\#(answers), "system": null, "task": null, "judge_scores": null, "answers": null}"#) == [
        ranked(.unstated)
      ])
    #expect(try rows("{\(answers), \"task\": \"t\"}").map(\.task) == ["t"])
  }

  @Test func readsConversations() throws {
    let text = #"""
      {"prompt": [{"role": "system", "content": "S"}, {"role": "user", "content": "a"},
                  {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
       "chosen": [{"role": "assistant", "content": "w"}], "rejected": [{"role": "assistant", "content": "l"}]}
      """#
    let turns: [Message] = [.user("a"), .assistant("b"), .user("c")]
    #expect(try rows(text.replacing("\n", with: "")) == [ranked(.systemPrompt("S"), prompt: turns)])
    #expect(try rows("[\(text)]") == [ranked(.systemPrompt("S"), prompt: turns)])
  }

  @Test func readsLinesAndListsAlike() throws {
    let row = #"{"prompt": "x", "chosen": "w", "rejected": "l", "system": "} ] \" , [ {"}"#
    let expected = [PreferencePair](repeating: ranked(.systemPrompt("} ] \" , [ {")), count: 2)
    for text in [
      "\(row)\n\(row)", "\(row)\n\(row)\n", "\u{FEFF}\(row)\r\n\r\n  \r\n\(row)\r\n", "\n\n\(row)\n\t\n\(row)\n\n",
      "[\(row),\(row)]", "\u{FEFF}\r\n[\r\n\(row),\r\n\(row)\r\n]\r\n",
    ] {
      #expect(try rows(text) == expected, "\(text)")
    }
    for empty in ["", "\n", "\u{FEFF}", "[]", " [ \n ] \n"] { #expect(try rows(empty).isEmpty) }
  }

  // MARK: Refusals

  @Test(arguments: [
    (#"{"prompt": "x", "chosen": "w"}"#, #"field "rejected": missing"#),
    (#"{"chosen": "w", "rejected": "l"}"#, #"field "prompt": missing"#),
    (#"{"prompt": 7, "chosen": "w", "rejected": "l"}"#, #"field "prompt": Expected to decode String but found number"#),
    (#"{"prompt": "x", "chosen": ["w"], "rejected": "l"}"#, #"field "chosen[0]": Expected to decode"#),
    (#"{"prompt": "x", "answers": {"cautious": 1}}"#, #"field "answers.cautious": Expected to decode String"#),
    (#"{"prompt": "x", "answers": "y"}"#, #"field "answers": Expected to decode Dictionary"#),
    (#"{"prompt": "x", "answers": {}, "chosen": "w"}"#, #"field "chosen": contradicts"#),
    (#"{"prompt": "x", "answers": {}, "system": "s"}"#, #"field "system": contradicts"#),
    (#"{"prompt": "x", "chosen": "w", "rejected": "l", "system": "s", "configuration": "*"}"#, "contradicts"),
    (#"{"prompt": [], "chosen": "w", "rejected": "l"}"#, "has no messages"),
    (
      #"{"prompt": [{"role": "assistant", "content": "a"}], "chosen": "w", "rejected": "l"}"#,
      "must end with the user's"
    ),
    (
      #"{"prompt": [{"role": "user", "content": "a"}, {"role": "system", "content": "s"}], "chosen": "w", "rejected": "l"}"#,
      "system message at position 1"
    ),
    (#"{"prompt": [{"role": "wizard", "content": "a"}], "chosen": "w", "rejected": "l"}"#, #"field "prompt[0].role""#),
    (
      #"{"prompt": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}], "system": "t", "chosen": "w", "rejected": "l"}"#,
      #"field "system": contradicts"#
    ),
    (
      #"{"prompt": "x", "chosen": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "w"}], "rejected": "l"}"#,
      "expected one message of the assistant, found [user, assistant]"
    ),
    (#"{"prompt": "x", "chosen": "w", "rejected": "l""#, "not valid JSON"),
    (#"{"prompt": "x" "chosen": "w"}"#, "not valid JSON"),
    ("null", "found null"), ("7", "Expected to decode"), (#""text""#, "Expected to decode"),
  ])
  func namesFileLineAndField(bad: String, problem: String) {
    let good = #"{"prompt": "x", "chosen": "w", "rejected": "l"}"#
    for text in ["\(good)\n\n\(bad)\n\(good)", "[\(good),\n\n\(bad)\n]"] {
      let error = failure(text)
      #expect(error?.reason == .malformedRow || text.hasPrefix("["))
      #expect(error?.line == 3)
      let isCutOff = text.hasPrefix("[") && problem == "not valid JSON"
      #expect(isCutOff || error?.detail.contains(problem) == true, "\(String(describing: error))")
      #expect(error?.description.hasPrefix("/data/pairs.jsonl:3: ") == true)
    }
  }

  @Test(arguments: [
    ("[", 1), ("[{}", 1), ("\n[{\"a\": \"]", 2), ("[]\n]", 2), ("[]\n{}", 2), ("[\n7,\n]", 2), ("[,]", 1),
  ])
  func refusesABrokenList(text: String, line: Int) {
    let error = failure(text)
    #expect(error?.line == line, "\(String(describing: error))")
  }

  @Test func refusesBytesThatAreNotUTF8() {
    let good = Data(#"{"prompt": "é", "chosen": "w", "rejected": "l"}"#.utf8) + [0x0A]
    for (bad, offset) in [([0xFF], 0), ([0x7B, 0xC3, 0x28], 1), ([0xED, 0xA0, 0x80], 0), ([0x22, 0xF0, 0x9F], 1)] {
      let bytes = good + bad.map { UInt8($0) }
      let error = #expect(throws: DatasetError.self) { try [PreferencePair](json: bytes, from: file) }
      #expect(error?.reason == .invalidUTF8)
      #expect(error?.line == 2)
      #expect(error?.detail.contains("offset \(good.count + offset) ") == true, "\(String(describing: error))")
    }
    let utf16 = Data([0xFF, 0xFE]) + Data("{}".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    let error = #expect(throws: DatasetError.self) { try [PreferencePair](json: utf16, from: file) }
    #expect(error?.reason == .invalidUTF8)
  }

  @Test func refusesDeepNesting() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(failure("{\"prompt\": \(deep)}")?.reason == .tooDeep)
    #expect(failure("[\(deep)]")?.reason == .tooDeep)
    #expect(failure("[" + String(repeating: "{\"a\":", count: 100_000))?.line == 1)
  }

  @Test func namesAFileThatIsNotThere() {
    let error = #expect(throws: DatasetError.self) {
      try [PreferencePair](contentsOf: URL(fileURLWithPath: "/nowhere/pairs.jsonl"))
    }
    #expect(error?.reason == .unreadableFile)
    #expect(error?.localizedDescription.contains("/nowhere/pairs.jsonl") == true)
  }

  // MARK: Writing

  @Test func survivesARoundTrip() throws {
    let odd = "quotes \" and \\ and\nnewlines\r\n\u{2028} 🧂 </script> <|im_start|>system"
    let scopes: [PreferencePair.Scope] = [
      .everyConfiguration, .configuration("direct"), .systemPrompt(odd), .systemPrompt(""), .unstated,
    ]
    let prompts: [[Message]] = [[.user(odd)], [.user("")], [.assistant("a"), .user("b")], [.user("a"), .user("b")]]
    var pairs: [PreferencePair] = []
    for prompt in prompts {
      for scope in scopes {
        pairs.append(.init(prompt: prompt, answers: .ranked(chosen: odd, rejected: "", scope: scope), task: odd))
      }
      pairs.append(.init(prompt: prompt, answers: .byConfiguration(["a": odd, "b": ""])))
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "dataset-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let target = folder.appending(path: "pairs.jsonl")
    try Data("an older file".utf8).write(to: target)
    try pairs.write(to: target)
    #expect(try [PreferencePair](contentsOf: target) == pairs)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["pairs.jsonl"])
    let first = try Data(contentsOf: target)
    try pairs.write(to: target)
    #expect(try Data(contentsOf: target) == first)
    #expect(throws: DatasetError.self) { try pairs.write(to: folder.appending(path: "none/pairs.jsonl")) }
  }

  // MARK: Published data

  @Test(.needsReference) func readsThePublishedDataset() throws {
    let shared = try #require(ReferenceFiles.shared)
    let pairs = try [PreferencePair](contentsOf: shared.appending(path: "data/truthy-train.jsonl"))
    #expect(pairs.count == 800)
    #expect(try pairs.asWritten().count == 800)
    #expect(pairs.allSatisfy { if case .ranked(_, _, .systemPrompt) = $0.answers { true } else { false } })
    let parts = pairs.split(heldOut: 0.1, seed: 17)
    #expect(parts.training.count + parts.heldOut.count == 800)
    #expect(NearDuplicates().matches(of: parts.heldOut.map(\.promptText), in: parts.training.map(\.promptText)).isEmpty)
  }
}
