import CSTCore
import Testing

@testable import CSTData

@Suite struct TemplateTeacherTests {
  private func call(_ stage: SynthesisStage, _ configuration: String?, seed: UInt64 = 0) -> TeacherCall {
    TeacherCall(
      stage: stage, configuration: configuration, messages: [.user("Hello")], sampling: Sampling(seed: seed),
      maximumTokens: 9, question: "Is {{question}} fine?")
  }

  @Test func fillsInAndChoosesBySeed() async throws {
    let teacher = try TemplateTeacher(texts: [
      "draft": ["*": ["one {{question}}", "two"], "direct": ["mine, {{ configuration }}"]]
    ])
    #expect(try await teacher.reply(to: call(.draft, "other")).text == "one Is {{question}} fine?")
    #expect(try await teacher.reply(to: call(.draft, nil, seed: 3)).text == "two")
    #expect(try await teacher.reply(to: call(.draft, "direct")).text == "mine, direct")
    await #expect(throws: TeacherError.self) { try await teacher.reply(to: call(.critique, nil)) }
  }

  @Test(arguments: [
    ["draught": ["*": ["text"]]], ["draft": ["*": []]], ["draft": ["*": ["{{answer}}"]]],
    ["draft": ["*": ["{{question"]]],
  ])
  func refusesWhatItCannotSay(texts: [String: [String: [String]]]) {
    #expect(throws: TeacherError.self) { try TemplateTeacher(texts: texts) }
  }

  @Test func theIdentityIsThatOfTheTexts() throws {
    let first = try TemplateTeacher(texts: ["draft": ["*": ["a"], "x": ["b"]]])
    let same = try TemplateTeacher(texts: ["draft": ["x": ["b"], "*": ["a"]]])
    let other = try TemplateTeacher(texts: ["draft": ["*": ["a"], "x": ["c"]]])
    #expect(first.identity == same.identity && first.identity != other.identity)
  }
}
