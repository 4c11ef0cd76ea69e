import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTData

@Suite struct LocalTeacherTests {
  private func model() async throws -> LanguageModel {
    let folder = FileManager.default.temporaryDirectory.appending(path: "teacher-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try TinyModel.write(to: folder.appending(path: "tiny.gguf"))
    return try await LanguageModel(contentsOf: folder.appending(path: "tiny.gguf"), precision: .f32)
  }

  private func call(_ question: String, choices: [String] = [], seed: UInt64 = 1) -> TeacherCall {
    TeacherCall(
      stage: .draft, messages: [.user(question)], sampling: Sampling(temperature: 0.8, seed: seed), maximumTokens: 12,
      choices: choices)
  }

  @Test func repliesDependOnTheCallAlone() async throws {
    let model = try await model()
    let teacher = LocalTeacher(model: model, slots: 2)
    #expect(teacher.concurrency == 4)
    let first = try await teacher.reply(to: call("Why?"))
    #expect(first.promptTokens ?? 0 > 0 && first.completionTokens ?? 13 <= 12)
    #expect(try await teacher.reply(to: call("Why?", seed: 2)) != first)
    #expect(try await teacher.reply(to: call("Why?")) == first)
    #expect(try await LocalTeacher(model: model, slots: 7, cachedTokens: 0).reply(to: call("Why?")) == first)
  }

  @Test func theLikeliestChoiceIsTheText() async throws {
    let reply = try await LocalTeacher(model: model()).reply(to: call("A or B?", choices: ["A", "B"]))
    let probabilities = try #require(reply.choiceProbabilities)
    #expect(reply.text == (probabilities[1] > probabilities[0] ? "B" : "A"))
    #expect(reply.isComplete && abs(probabilities[0] + probabilities[1] - 1) < 1e-12)
  }

  @Test func errorsSayWhatTheyMeanForTheRun() async throws {
    let teacher = try await LocalTeacher(model: model())
    func kind(_ call: TeacherCall) async -> TeacherError.Reason? {
      do {
        _ = try await teacher.reply(to: call)
        return nil
      } catch { return (error as? TeacherError)?.reason }
    }
    #expect(await kind(call(String(repeating: "long ", count: 400))) == .promptTooLong)
    #expect(await kind(call("A?", choices: ["Ax", "Ay"])) == .unsupportedCall)
  }

  @Test func identityTellsAdaptersApart() async throws {
    let model = try await model()
    let plain = LocalTeacher(model: model).identity
    #expect(plain == "local:\(model.identity):f32")
    var generator = SeededGenerator(seed: 1)
    let adapters = [4, 4, 5].map {
      LoRAAdapter(for: model.configuration, LoRAConfiguration(rank: $0), using: &generator)
    }
    let identities = adapters.map { LocalTeacher(model: model.adapted(by: $0)).identity }
    #expect(Set(identities + [plain]).count == 4)
    #expect(LocalTeacher(model: model.adapted(by: adapters[0])).identity == identities[0])
  }
}
