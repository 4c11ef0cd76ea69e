import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// From one form to another and back: equal rows in equal order, byte for byte.
@Suite struct ConversionTests {
  /// The bytes of a dataset in a form.
  private func bytes(_ rows: [PreferencePair], as form: PreferenceForm = .native, asList: Bool = false) throws -> Data {
    let folder = try TemporaryFolder()
    try rows.write(to: folder["rows"], as: form, asList: asList)
    return try Data(contentsOf: folder["rows"])
  }

  private func read(_ data: Data) throws -> [PreferencePair] {
    try [PreferencePair](json: data, from: URL(filePath: "/rows"))
  }

  private func lines(_ rows: [PreferencePair], as form: PreferenceForm = .native) throws -> [String] {
    try String(decoding: bytes(rows, as: form), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  // MARK: There and back

  @Test(arguments: [2, 3], 0..<8 as Range<UInt64>) func nativeToTRLAndBackIsTheSame(k: Int, seed: UInt64) throws {
    var random = try RandomRows(configurations: k, seed: seed)
    let rows = random.rows(60, conversations: false)
    let native = try bytes(rows)
    #expect(try bytes(read(native)) == native)
    let trl = try rows.converted(to: .trl, by: random.policy)
    let text = try bytes(trl, as: .trl, asList: seed % 2 == 0)
    #expect(try read(text) == trl)
    #expect(try bytes(read(text).converted(to: .native, by: random.policy)) == native)
  }

  @Test(arguments: [2, 3], 0..<8 as Range<UInt64>) func nativeToConversationalAndBackIsTheSame(
    k: Int, seed: UInt64
  ) throws {
    var random = try RandomRows(configurations: k, seed: 100 + seed)
    let rows = random.rows(60)
    let native = try bytes(rows)
    let conversational = try bytes(rows.converted(to: .conversational, by: random.policy), as: .conversational)
    #expect(try bytes(read(conversational).converted(to: .native, by: random.policy)) == native)
    // Whatever order the rows are brought into, groups find together.
    let shuffled = random.shuffled(try read(conversational))
    let back = try shuffled.converted(to: .native, by: random.policy)
    #expect(try lines(back).sorted() == lines(rows).sorted())
  }

  @Test(arguments: 0..<4 as Range<UInt64>) func trlToConversationalAndBackIsTheSame(seed: UInt64) throws {
    var random = try RandomRows(configurations: 2, seed: 200 + seed)
    let trl = try bytes(random.rows(60, conversations: false).converted(to: .trl, by: random.policy), as: .trl)
    let conversational = try bytes(read(trl).converted(to: .conversational), as: .conversational)
    #expect(try bytes(read(conversational).converted(to: .trl), as: .trl) == trl)
    // Rows that are marked already stay as they are under the policy too.
    #expect(try bytes(read(trl).converted(to: .trl, by: random.policy), as: .trl) == trl)
  }

  /// Rows from elsewhere: folded by what they say, and written out again they say the same.
  @Test(arguments: [2, 3], 0..<8 as Range<UInt64>) func foldingUnmarkedRowsLosesNothing(k: Int, seed: UInt64) throws {
    var random = try RandomRows(configurations: k, seed: 300 + seed)
    let unmarked = try random.rows(40).converted(to: .conversational, by: random.policy).map(\.withoutMarks)
    let rows = random.shuffled(unmarked + unmarked.prefix(7))
    let folded = try rows.folded(by: random.policy)
    #expect(folded.count < rows.count)
    let again = try folded.spelledOut(by: random.policy).map(\.withoutMarks)
    #expect(try lines(again).sorted() == lines(rows).sorted())
    #expect(try folded.folded(by: random.policy) == folded)
  }

  // MARK: What the forms look like

  private func policy(_ k: Int) throws -> SafetyPolicy {
    try SafetyPolicy(
      name: "p", configurations: (0..<k).map { SafetyConfiguration(name: "c\($0)", systemPrompt: "S\($0)") },
      defaultName: "c0")
  }

  @Test func writesTheForms() throws {
    let flip = PreferencePair(
      prompt: [.user("x")], answers: .byConfiguration(["c0": "y0", "c1": "y1"]), task: "t",
      judgeScores: ["c0": AnswerScore(follows: ["c0": 1, "c1": 0], addresses: 0.5)], columns: ["id": .integer(7)])
    let neutral = PreferencePair(
      prompt: [.user("n")], answers: .ranked(chosen: "w", rejected: "l", scope: .everyConfiguration))
    let rows = [flip, neutral]
    let marks = #""cst_form":"answers","cst_row":0,"id":7,"judge_scores":"#
    let score = #"{"addresses":0.5,"follows":{"c0":1,"c1":0}}"#
    #expect(
      try lines(rows.converted(to: .trl, by: policy(2)), as: .trl) == [
        #"{"chosen":"y0",\#(marks){"chosen":\#(score)},"prompt":"x","rejected":"y1","system":"S0","task":"t"}"#,
        #"{"chosen":"y1",\#(marks){"rejected":\#(score)},"prompt":"x","rejected":"y0","system":"S1","task":"t"}"#,
        #"{"chosen":"w","cst_form":"neutral","cst_row":1,"prompt":"n","rejected":"l","system":"S0"}"#,
        #"{"chosen":"w","cst_form":"neutral","cst_row":1,"prompt":"n","rejected":"l","system":"S1"}"#,
      ])
    #expect(
      try lines(Array(rows.converted(to: .conversational, by: policy(2)).suffix(1)), as: .conversational) == [
        #"{"chosen":[{"content":"w","role":"assistant"}],"cst_form":"neutral","cst_row":1,"#
          + #""prompt":[{"content":"S1","role":"system"},{"content":"n","role":"user"}],"#
          + #""rejected":[{"content":"l","role":"assistant"}]}"#
      ])
    #expect(try bytes([], as: .trl, asList: true) == Data("[]\n".utf8))
    #expect(
      try String(decoding: bytes([neutral, neutral], asList: true), as: UTF8.self)
        == "[\n" + lines([neutral, neutral]).joined(separator: ",\n") + "\n]\n")
  }

  @Test func foldsRowsFromElsewhere() throws {
    func row(_ s: Int, _ w: String, _ l: String, _ prompt: String = "x") -> PreferencePair {
      PreferencePair(prompt: [.user(prompt)], answers: .ranked(chosen: w, rejected: l, scope: .systemPrompt("S\(s)")))
    }
    func whole(_ answers: PreferencePair.Answers, _ prompt: String = "x") -> PreferencePair {
      PreferencePair(prompt: [.user(prompt)], answers: answers)
    }
    // Twins apart; a second flip of the prompt; a neutral pair; one alone; a foreign system prompt.
    let pirate = whole(.ranked(chosen: "a", rejected: "b", scope: .systemPrompt("Be a pirate.")))
    let rows = [
      row(0, "y0", "y1"), row(0, "z0", "z1"), row(1, "w", "l"), row(1, "z1", "z0"), pirate, row(1, "y1", "y0"),
      row(0, "w", "l"), row(1, "w", "l", "other"), row(1, "v", "v"),
    ]
    #expect(
      try rows.folded(by: policy(2)) == [
        whole(.byConfiguration(["c0": "y0", "c1": "y1"])), whole(.byConfiguration(["c0": "z0", "c1": "z1"])),
        whole(.ranked(chosen: "w", rejected: "l", scope: .everyConfiguration)), pirate,
        whole(.ranked(chosen: "w", rejected: "l", scope: .configuration("c1")), "other"), row(1, "v", "v"),
      ])
    // Under three configurations the twins are not all of a row: c2 is silent.
    #expect(
      try [row(0, "y0", "y1"), row(1, "y1", "y0")].folded(by: policy(3)) == [
        whole(.ranked(chosen: "y0", rejected: "y1", scope: .configuration("c0"))),
        whole(.ranked(chosen: "y1", rejected: "y0", scope: .configuration("c1"))),
      ])
    // Columns and scores that differ keep twins apart.
    var other = row(1, "y1", "y0")
    other.columns["id"] = .integer(1)
    #expect(try [row(0, "y0", "y1"), other].folded(by: policy(2)).count == 2)
    other = row(1, "y1", "y0")
    other.judgeScores = ["chosen": AnswerScore(follows: [:], addresses: 1)]
    #expect(try [row(0, "y0", "y1"), other].folded(by: policy(2)).count == 2)
  }

  // MARK: Refusals

  @Test func namesTheRowThatHasNoPlace() throws {
    let plain = PreferencePair(prompt: [.user("x")], answers: .ranked(chosen: "w", rejected: "l", scope: .unstated))
    var (turns, flip, neutral, named) = (plain, plain, plain, plain)
    turns.prompt = [.user("a"), .assistant("b"), .user("c")]
    flip.answers = .byConfiguration(["c0": "y0", "c1": "y1"])
    neutral.answers = .ranked(chosen: "w", rejected: "l", scope: .everyConfiguration)
    named.answers = .ranked(chosen: "w", rejected: "l", scope: .configuration("c7"))
    var (taken, judged) = (flip, flip)
    taken.columns["cst_row"] = .string("mine")
    judged.judgeScores = ["chosen": AnswerScore(follows: [:], addresses: 1)]
    let policy = try policy(2)
    let cases: [(PreferencePair, PreferenceForm, SafetyPolicy?, PreferenceError.Reason, String)] = [
      (turns, .trl, nil, .inexpressible, "3 messages"), (turns, .trl, policy, .inexpressible, "conversational"),
      (flip, .trl, nil, .needsPolicy, "per configuration"), (neutral, .conversational, nil, .needsPolicy, "every"),
      (named, .trl, nil, .needsPolicy, "\"c7\""), (named, .trl, policy, .unknownConfiguration, "\"c7\""),
      (taken, .trl, policy, .inexpressible, "\"cst_row\""), (judged, .trl, policy, .inexpressible, "\"chosen\""),
    ]
    for (bad, form, policy, reason, detail) in cases {
      let error = #expect(throws: PreferenceError.self) { try [plain, plain, bad].converted(to: form, by: policy) }
      #expect(error?.reason == reason, "\(String(describing: error))")
      #expect(error?.row == 2)
      #expect(error?.detail.contains(detail) == true, "\(String(describing: error))")
      guard policy == nil else { continue }
      let folder = try TemporaryFolder()
      let refusal = #expect(throws: DatasetError.self) { try [bad].write(to: folder["rows"], as: form) }
      #expect(refusal?.reason == .unusableRow)
    }
  }

  @Test func marksThatDoNotAddUpAreRefused() throws {
    var random = try RandomRows(configurations: 3, seed: 9)
    let policy = random.policy
    let rows = try random.rows(30).converted(to: .conversational, by: policy)
    let group = try #require(rows.first { $0.columns["cst_form"] == .string("answers") }?.columns["cst_row"])
    let members = rows.indices.filter { rows[$0].columns["cst_row"] == group }
    func refusal(_ change: (inout [PreferencePair]) -> Void) -> PreferenceError? {
      var changed = rows
      change(&changed)
      return #expect(throws: PreferenceError.self) { try changed.folded(by: policy) }
    }
    let errors = [
      refusal { $0.remove(at: members[1]) },
      refusal { $0[members[1]].columns["cst_form"] = nil },
      refusal { $0[members[1]].columns["cst_form"] = .string("mine") },
      refusal { $0[members[1]].task = "another" },
      refusal { $0[members[1]].answers = .ranked(chosen: "n", rejected: "m", scope: .systemPrompt("?")) },
      refusal { $0 += $0.filter { $0.columns["cst_row"] == group } },
    ]
    for error in errors {
      #expect(error?.reason == .inexpressible)
      #expect(error?.row.map(members.contains) == true, "\(String(describing: error))")
      #expect(error?.detail.contains("cst_row") == true)
    }
  }

  // MARK: Published data

  /// The values of every row of a file, texts as bytes.
  private func values(_ data: Data) throws -> [[String: Data]] {
    try data.split(separator: UInt8(ascii: "\n")).map { line in
      try JSONDecoder().decode([String: String].self, from: Data(line)).mapValues { Data($0.utf8) }
    }
  }

  @Test(.needsReference) func thePublishedDataComesBack() throws {
    let file = try #require(ReferenceFiles.shared).appending(path: "data/truthy-train.jsonl")
    let original = try values(Data(contentsOf: file))
    let rows = try [PreferencePair](contentsOf: file)
    let policy = try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(name: "a", systemPrompt: String(decoding: #require(original[0]["system"]), as: UTF8.self)),
        SafetyConfiguration(name: "b", systemPrompt: "Another one."),
      ], defaultName: "a")
    for form in PreferenceForm.allCases {
      let there = try bytes(rows.converted(to: form), as: form)
      #expect(try values(bytes(read(there).converted(to: .trl), as: .trl)) == original, "\(form)")
      if form == .trl { #expect(try values(there) == original) }
    }
    // Rows under a configuration's own prompt are folded, written out again and still the same.
    let folded = try rows.folded(by: policy)
    #expect(folded.contains { $0.answers != rows[0].answers && !$0.isNeutral })
    let again = try folded.converted(to: .trl, by: policy).map(\.withoutMarks)
    #expect(try values(bytes(again, as: .trl)) == original)
  }
}

extension PreferencePair {
  /// As if it had never been one of several.
  fileprivate var withoutMarks: PreferencePair {
    var copy = self
    copy.columns["cst_row"] = nil
    copy.columns["cst_form"] = nil
    return copy
  }
}
