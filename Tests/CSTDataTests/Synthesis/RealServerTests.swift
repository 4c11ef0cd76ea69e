import CSTCore
import Foundation
import Testing

@testable import CSTData

/// The teacher against a server that others wrote. One call at a time: this server drops a reply when the next call comes.
@Suite(
  .enabled(if: RealServer.isAvailable, "no Python with llama_cpp.server; Scripts/setup-server installs it"),
  .serialized, RealServer())
struct RealServerTests {
  private func teacher(_ delivery: HTTPTeacher.Delivery, path: String = "") throws -> HTTPTeacher {
    try HTTPTeacher(
      baseURL: #require(RealServer.baseURL).appending(path: path), model: "smollm2", key: nil, concurrency: 1,
      delivery: delivery)
  }

  private func call(_ text: String, maximumTokens: Int) -> TeacherCall {
    TeacherCall(stage: .draft, messages: [.user(text)], sampling: .greedy, maximumTokens: maximumTokens)
  }

  @Test func streamedAndWholeRepliesAreTheSame() async throws {
    let call = call("Name one colour.", maximumTokens: 96)
    let whole = try await teacher(.whole).reply(to: call)
    let streamed = try await teacher(.streamed).reply(to: call)
    #expect(!whole.text.isEmpty && whole.text == streamed.text)
    #expect(whole.isComplete && streamed.isComplete)
    #expect(try #require(whole.promptTokens) > 5)
    #expect(try (1..<96).contains(#require(whole.completionTokens)))
  }

  @Test(arguments: [HTTPTeacher.Delivery.streamed, .whole])
  func aReplyIsCutAtTheLimit(delivery: HTTPTeacher.Delivery) async throws {
    let reply = try await teacher(delivery).reply(to: call("Write a long story about a lighthouse.", maximumTokens: 6))
    #expect(!reply.isComplete && !reply.text.isEmpty)
    if delivery == .whole { #expect(reply.completionTokens == 6) }
  }

  @Test func aTooLongPromptIsNamed() async throws {
    let long = call(String(repeating: "word ", count: 4000), maximumTokens: 6)
    let whole = await #expect(throws: TeacherError.self) { try await teacher(.whole).reply(to: long) }
    #expect(whole?.reason == .promptTooLong && whole?.detail.contains("2048") == true)
    // When streaming, this server says nothing of its error: it ends an empty stream.
    let streamed = await #expect(throws: TeacherError.self) { try await teacher(.streamed).reply(to: long) }
    #expect(streamed?.reason == .cutOff && streamed?.detail.contains("before any event") == true)
  }

  @Test func anUnknownAddressIsNamed() async throws {
    let error = await #expect(throws: TeacherError.self) {
      try await teacher(.streamed, path: "nowhere").reply(to: call("Hello.", maximumTokens: 6))
    }
    #expect(error?.reason == .notFound && error?.detail.contains("“Not Found”") == true)
  }
}
