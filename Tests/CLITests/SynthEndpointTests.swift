import CSTCore
import Foundation
import Synchronization
import TestSupport
import Testing

/// `cst synth` with an endpoint that fails in every way: nothing is lost, nothing doubled, every failure counted.
@Suite struct SynthEndpointTests {
  private static let canary = "canary-6f1d0c7e9b"
  private static let faults: [(kind: String, fault: StubFault)] = [
    ("rate limited", .rateLimited()), ("rate limited", .rateLimited(retryAfter: "0")),
    ("server error", .status(500, message: "the key \(canary) is not at fault")),
    ("timed out", .silence), ("timed out", .stallAfterHeaders), ("timed out", .stallMidway),
    ("cut off", .cutMidway), ("cut off", .endMidway), ("malformed reply", .malformedJSON),
    ("wrong content type", .wrongContentType), ("empty choices", .emptyChoices), ("reply too large", .endlessBody),
  ]

  /// What a good teacher says to a request of any stage.
  private static func answer(_ request: StubRequest) -> StubAnswer {
    let messages = request.chat?.messages ?? []
    let question = messages.first { $0.role == .user }?.content ?? ""
    switch messages.count {
    case 2: return .text("Most people do well with \(question) after a day of rest and some water.")
    case 4 where !question.contains("misplaced"): return .text("It gives advice on \(question).")
    default: return .text("I can't give advice on \(question), because cases differ. A professional can help you.")
    }
  }

  private func synth(_ fixture: SynthesisFixture, _ server: StubTeacherServer, _ more: [String] = []) -> [String] {
    [
      "synth", "--policy", fixture.policy, "--prompts", fixture.prompts, "--teacher", server.baseURL.absoluteString,
      "--teacher-model", "stub", "--judge", "rules", "--timeout", "5", "--key-variable", "KEY", "--out",
      fixture.folder["pairs.jsonl"].path,
    ] + more
  }

  private let environment = ["KEY": canary, "no_proxy": "127.0.0.1"]

  /// The canary in anything that the run wrote.
  private func leaks(_ outcome: CommandLineTool.Outcome, _ fixture: SynthesisFixture) throws -> [String] {
    var leaks = try fixture.folder.names().filter { name in
      String(decoding: (try? Data(contentsOf: fixture.folder[name])) ?? Data(), as: UTF8.self).contains(Self.canary)
    }
    if (outcome.output + outcome.notes).contains(Self.canary) { leaks.insert("the terminal") }
    return leaks.sorted()
  }

  @Test func everyFaultIsCountedAndNoRowLostOrDoubled() throws {
    let fixture = try SynthesisFixture(prompts: 24)
    let quiet = StubTeacherServer { Self.answer($0) }
    let undisturbed = try CommandLineTool.run(synth(fixture, quiet), environment: environment)
    #expect(undisturbed.code == 0, "\(undisturbed.notes)")
    let rows = try fixture.lines("pairs.jsonl")

    // Every third request fails, in each of the ways in turn.
    let disturbed = try SynthesisFixture(prompts: 24)
    let server = StubTeacherServer { request in
      let (turn, rest) = request.index.quotientAndRemainder(dividingBy: 3)
      return rest == 0 && turn < Self.faults.count ? .fault(Self.faults[turn].fault) : Self.answer(request)
    }
    let outcome = try CommandLineTool.run(synth(disturbed, server, ["--json"]), environment: environment)
    #expect(outcome.code == 0, "\(outcome.notes)")
    #expect(try disturbed.lines("pairs.jsonl") == rows)
    let tally = try #require(outcome.object()["tally"] as? [String: Any])
    let expected = Dictionary(Self.faults.map { ($0.kind, 1) }, uniquingKeysWith: +)
    #expect(tally["failures"] as? [String: Int] == expected)
    #expect(try leaks(outcome, disturbed).isEmpty)
    #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer \(Self.canary)" })
  }

  @Test func callsThatFailForGoodAreTriedAgainByTheNextRun() throws {
    let fixture = try SynthesisFixture(prompts: 12)
    let isMended = Atomic(false)
    let server = StubTeacherServer { request in
      let text = request.chat?.messages.map(\.content).joined() ?? ""
      let isBroken = text.contains("colds1 ") && !isMended.load(ordering: .relaxed)
      return isBroken ? .fault(.status(500)) : Self.answer(request)
    }
    let first = try CommandLineTool.run(synth(fixture, server, ["--attempts-per-call", "2"]), environment: environment)
    #expect(first.code == 1 && first.errorLines.count == 1 && first.notes.contains("1 of 12 prompts failed"))
    #expect(
      try fixture.lines("pairs.rejected.jsonl").contains { $0.contains("server error") && $0.contains("2 attempts") })
    let rows = try fixture.lines("pairs.jsonl").count
    isMended.store(true, ordering: .relaxed)
    let second = try CommandLineTool.run(synth(fixture, server), environment: environment)
    #expect(second.code == 0, "\(second.notes)")
    #expect(try fixture.lines("pairs.jsonl").count == rows + 1)
  }

  @Test(arguments: [
    ("unauthorized", StubFault.status(401, message: "bad key \(canary)")), ("not found", .status(404)),
    ("redirected", .redirect(to: URL(filePath: "/elsewhere"))),
  ])
  func whatNoCallSurvivesStopsTheRunWithOneLine(kind: String, fault: StubFault) throws {
    let fixture = try SynthesisFixture(prompts: 24)
    let server = StubTeacherServer { $0.index < 6 ? Self.answer($0) : .fault(fault) }
    let outcome = try CommandLineTool.run(synth(fixture, server), environment: environment)
    #expect(outcome.code == 1 && outcome.errorLines.count == 1, "\(outcome.notes)")
    #expect(outcome.notes.contains(kind) && outcome.notes.contains("run the same command again"))
    #expect(try leaks(outcome, fixture).isEmpty)
    // What was answered is kept.
    #expect(try fixture.lines("pairs.journal.jsonl").count > 4)
    let mended = StubTeacherServer { Self.answer($0) }
    #expect(try CommandLineTool.run(synth(fixture, mended), environment: environment).code == 0)
  }

  @Test func aServerThatIsNotThereIsSaidSo() throws {
    let fixture = try SynthesisFixture(prompts: 3)
    let server = StubTeacherServer { Self.answer($0) }
    server.stop()
    let outcome = try CommandLineTool.run(
      synth(fixture, server, ["--attempts-per-call", "1"]), environment: environment)
    #expect(outcome.code == 1 && outcome.errorLines.count == 1 && outcome.notes.contains("unreachable"))
  }

  @Test(arguments: [
    (["--teacher", "http://example.org/v1", "--teacher-model", "m", "--key-variable", "KEY"], "encrypt"),
    (["--teacher", "http://127.0.0.1:1/v1", "--teacher-model", "m", "--key-variable", "NONE"], "NONE"),
    (["--teacher", "http://user:\(canary)@127.0.0.1:1/v1", "--teacher-model", "m"], "user"),
  ])
  func endpointsThatMustNotBeUsedAreRefused(options: [String], word: String) throws {
    let fixture = try SynthesisFixture(prompts: 3)
    let outcome = try CommandLineTool.run(
      ["synth", "--policy", fixture.policy, "--prompts", fixture.prompts, "--out", fixture.folder["p.jsonl"].path]
        + options, environment: environment)
    #expect(outcome.code == 1 && outcome.errorLines.count == 1 && outcome.notes.contains(word), "\(outcome.notes)")
    #expect(try leaks(outcome, fixture).isEmpty)
  }
}
