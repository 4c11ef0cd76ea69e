import CSTCore
import CSTData
import Foundation
import Testing

@Suite struct SynthesisJournalTests {
  private let folder: URL
  private var file: URL { folder.appending(path: "pairs.journal.jsonl") }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "cst-journal-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func rows(
    _ teacher: ScriptedTeacher, policy: SafetyPolicy, prompts: [SynthesisPrompt]
  ) async throws -> [SynthesisOutcome] {
    let journal = try SynthesisJournal(file: file)
    defer { journal.close() }
    let plan = SelfCritique(author: teacher, policy: policy, journal: journal)
    var outcomes: [SynthesisOutcome] = []
    for try await outcome in plan.outcomes(for: prompts) { outcomes.append(outcome) }
    return outcomes
  }

  @Test func aSecondRunMakesNoCalls() async throws {
    let prompts = questions(20)
    let first = try await rows(ScriptedTeacher(), policy: advicePolicy(), prompts: prompts)
    let idle = ScriptedTeacher { _ in throw TeacherError(.unauthorized, detail: "must not be asked") }
    let second = try await rows(idle, policy: advicePolicy(), prompts: prompts)
    #expect(first == second && idle.calls.isEmpty)
  }

  @Test func aChangedStagePromptRedoesOnlyWhatDependsOnIt() async throws {
    let prompts = questions(20).filter { !$0.isNeutral }
    func policy(_ synthesis: String) throws -> SafetyPolicy {
      try advicePolicy(
        synthesis: JSONDecoder().decode([String: SynthesisPrompts].self, from: Data(synthesis.utf8))["s"]!)
    }
    _ = try await rows(ScriptedTeacher(), policy: advicePolicy(), prompts: prompts)
    let revised = ScriptedTeacher()
    _ = try await rows(
      revised, policy: policy(#"{"s": {"revision": "Again, by these: {{principles}}"}}"#), prompts: prompts)
    // The revision changed; the answer it gives is the same text here, so its judgement stands.
    #expect(Set(revised.calls.map(\.stage)) == [.revision] && revised.calls.count == prompts.count)
    let redrafted = ScriptedTeacher()
    _ = try await rows(redrafted, policy: policy(#"{"s": {"draft": "Please: {{question}}"}}"#), prompts: prompts)
    #expect(Set(redrafted.calls.map(\.stage)) == [.draft, .critique, .revision])
    let other = ScriptedTeacher(identity: "another")
    _ = try await rows(other, policy: advicePolicy(), prompts: prompts)
    #expect(other.calls.filter { $0.stage == .draft }.count == prompts.count)
  }

  @Test func everyTornEndIsCutOffAndNothingElseIsLost() async throws {
    let prompts = questions(3)
    let whole = try await rows(ScriptedTeacher(), policy: advicePolicy(), prompts: prompts)
    let bytes = try Data(contentsOf: file)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).count - 1
    for length in stride(from: 0, through: bytes.count, by: 97) {
      try bytes.prefix(length).write(to: file)
      let kept = bytes.prefix(length).count { $0 == UInt8(ascii: "\n") }
      let teacher = ScriptedTeacher()
      #expect(try await rows(teacher, policy: advicePolicy(), prompts: prompts) == whole)
      #expect(teacher.calls.count == lines - max(1, kept), "cut at byte \(length)")
      #expect(try Data(contentsOf: file).last == UInt8(ascii: "\n"))
    }
  }

  @Test func aForeignOrDamagedFileIsRefusedByLine() throws {
    try Data("{\"prompt\": \"hello\"}\n".utf8).write(to: file)
    let foreign = #expect(throws: DatasetError.self) { try SynthesisJournal(file: file) }
    #expect(foreign?.line == 1)
    #expect(try Data(contentsOf: file) == Data("{\"prompt\": \"hello\"}\n".utf8))
    // Without a line break too: it is not taken for the torn beginning of a journal.
    try Data("[{\"prompt\": \"hello\"}]".utf8).write(to: file)
    #expect(throws: DatasetError.self) { try SynthesisJournal(file: file) }
    #expect(try Data(contentsOf: file) == Data("[{\"prompt\": \"hello\"}]".utf8))
    try Data("{\"journal\":\"cst synthesis\",\"version\":1}\nnonsense\n{}\n".utf8).write(to: file)
    let damaged = #expect(throws: DatasetError.self) { try SynthesisJournal(file: file) }
    #expect(damaged?.line == 2)
  }

  @Test func probabilitiesThatAreNoneAreRefused() throws {
    let entry =
      #"{"call":"0","reply":{"choiceProbabilities":[-1e300,1],"isComplete":true,"text":"A"},"stage":"adherence"}"#
    try Data("{\"journal\":\"cst synthesis\",\"version\":1}\n\(entry)\n".utf8).write(to: file)
    #expect(throws: DatasetError.self) { try SynthesisJournal(file: file) }
  }

  @Test func oneProcessAtATime() throws {
    let journal = try SynthesisJournal(file: file)
    #expect(throws: DatasetError.self) { try SynthesisJournal(file: file) }
    journal.close()
    #expect(throws: Never.self) { try SynthesisJournal(file: file) }
  }
}
