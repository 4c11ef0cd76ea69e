import Foundation
import TestSupport
import Testing

@testable import CSTData

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite struct ChatCompletionReaderTests {
  private func reader(type: String = "text/event-stream", status: Int = 200, limit: Int = 9) throws
    -> ChatCompletionReader
  {
    var reader = ChatCompletionReader(maximumTokens: limit, key: nil)
    try reader.begin(
      #require(
        HTTPURLResponse(
          url: URL(string: "http://localhost")!, statusCode: status, httpVersion: nil,
          headerFields: ["Content-Type": type])))
    return reader
  }

  private func read(_ pieces: [Data], by reader: ChatCompletionReader) throws -> TeacherReply {
    var reader = reader
    for piece in pieces { if let reply = try reader.append(piece) { return reply } }
    return try reader.end()
  }

  private func read(_ text: String, type: String = "text/event-stream", limit: Int = 9) throws -> TeacherReply {
    try read([Data(text.utf8)], by: reader(type: type, limit: limit))
  }

  private static let stream = """
    : queued\r
    \r
    data: {"choices": [{"delta": {"role": "assistant", "content": null}, "finish_reason": null}]}\r
    \r
    data: {"choices": [{"delta": {"content": "A café "}}]}\r
    \r
    data: {"choices": [{"delta": {"content": "🧂."}, "finish_reason": null}], "usage": null}\r
    \r
    data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\r
    \r
    data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}\r
    \r
    data: [DONE]\r
    \r

    """

  @Test func aStreamReadsTheSameWhereverItIsSplit() throws {
    let data = Data(Self.stream.utf8)
    let expected = TeacherReply(text: "A café 🧂.", isComplete: true, promptTokens: 7, completionTokens: 5)
    for split in 0...data.count {
      #expect(try read([data[..<split], data[split...]], by: reader()) == expected, "\(split)")
    }
    #expect(try read(data.map { Data([$0]) }, by: reader()) == expected)
  }

  @Test func aStreamCutAnywhereIsEitherWholeOrCutOff() throws {
    let data = Data(Self.stream.utf8)
    let reasoned = try #require(data.range(of: Data("\"stop\"}]}\r\n\r".utf8))).upperBound
    for length in 0..<data.count {
      let outcome = Result { try read([data[..<length]], by: reader()) }
      switch outcome {
      case .success(let reply): #expect(length >= reasoned && reply.text == "A café 🧂.", "\(length)")
      case .failure(let error): #expect(length < reasoned && (error as? TeacherError)?.reason == .cutOff, "\(length)")
      }
    }
  }

  @Test func aReplyIsReadWithAndWithoutAReason() throws {
    func whole(_ reason: String, usage: String = "null", limit: Int = 9) throws -> Bool {
      let json = #"{"choices": [{"message": {"content": "x"}, "finish_reason": \#(reason)}], "usage": \#(usage)}"#
      return try read(json, type: "Application/JSON; charset=utf-8", limit: limit).isComplete
    }
    #expect(try whole(#""stop""#))
    #expect(try !whole(#""length""#))
    #expect(try whole("null"))
    #expect(try !whole("null", usage: #"{"completion_tokens": 4}"#, limit: 4))
    #expect(try whole("null", usage: #"{"completion_tokens": 3}"#, limit: 4))
    #expect(try read("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]").text == "x")
  }

  @Test(arguments: [
    ("application/json", "", TeacherError.Reason.malformedReply, "0 bytes"),
    ("application/json", "[]", .malformedReply, "expected a chat completion"),
    ("application/json", "{}", .malformedReply, "without choices"),
    ("application/json", #"{"choices": []}"#, .emptyChoices, "found none"),
    ("application/json", #"{"choices": [{}]}"#, .malformedReply, "choices[0].message.content"),
    ("application/json", #"{"choices": [{"message": {"content": null}}]}"#, .malformedReply, "message.content"),
    ("application/json", #"{"choices": [{"message": {"content": 7}}]}"#, .malformedReply, "choices[0].message.content"),
    ("application/json", String(repeating: "[", count: 100), .malformedReply, "levels"),
    (
      "application/json", #"{"choices": [{"message": {"content": "x"}, "finish_reason": "tool_calls"}]}"#,
      .malformedReply, "“tool_calls”"
    ),
    (
      "application/json", #"{"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}"#,
      .refusedRequest, "content filter"
    ),
    ("application/json", #"{"error": {"message": "busy", "code": 429}}"#, .rateLimited, "“busy”"),
    ("application/json", #"{"error": "broken"}"#, .serverError, "“broken”"),
    ("text/event-stream", "", .cutOff, "before any event"),
    ("text/event-stream", "data: [DONE]\n\n", .emptyChoices, "none in the whole stream"),
    ("text/event-stream", "data: {\"choices\":[]}\n\ndata: [DONE]\n\n", .emptyChoices, "none"),
    ("text/event-stream", "data: {\"choices\n\n", .malformedReply, "not valid JSON"),
    ("text/event-stream", "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", .cutOff, "without [DONE]"),
    (
      "text/event-stream",
      "data: {\"error\":{\"code\":400,\"message\":\"no\",\"type\":\"exceed_context_size_error\"}}\n\n",
      .promptTooLong, "“no”"
    ),
    ("text/event-stream", "data: " + String(repeating: "[", count: 100) + "\n\n", .malformedReply, "levels"),
  ])
  func namesWhatIsWrongWithAReply(type: String, text: String, kind: TeacherError.Reason, part: String) throws {
    let error = #expect(throws: TeacherError.self) { try read(text, type: type) }
    #expect(error?.reason == kind)
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
  }

  @Test func refusesTextThatIsNotUTF8() throws {
    let json = Data(#"{"choices": [{"message": {"content": "\#u{1}"}}]}"#.utf8).map { $0 == 1 ? 0xFF : $0 }
    let error = try #require(throws: TeacherError.self) {
      try read([Data(json)], by: reader(type: "application/json"))
    }
    #expect(error.reason == .malformedReply)
  }

  @Test(arguments: [
    (
      400, #"{"error": {"message": "no such option"}}"#, TeacherError.Reason.refusedRequest,
      "status 400: “no such option”"
    ),
    (422, #"{"detail": [{"msg": "field required"}]}"#, .refusedRequest, "field required"),
    (400, #"{"error": {"message": "long", "code": "context_length_exceeded"}}"#, .promptTooLong, "“long”"),
    (413, #"{"error": {"message": "This model's maximum context length is 9 tokens."}}"#, .promptTooLong, "maximum"),
    (500, #"{"error": {"message": "Requested tokens (9) exceed context window of 8"}}"#, .promptTooLong, "window"),
    (400, #"{"message": "exceeds the available context size"}"#, .promptTooLong, "size"),
    (401, #"{"error": {"message": "who are you"}}"#, .unauthorized, "wants a key"),
    (403, "", .unauthorized, "status 403"), (404, #"{"detail": "Not Found"}"#, .notFound, "“Not Found”"),
    (408, "", .timedOut, "status 408"), (429, "slow  \r\n down", .rateLimited, "“slow down”"),
    (500, "<html>\u{1B}[31moops</html>", .serverError, "“<html> [31moops</html>”"), (503, "", .serverError, "503"),
    (599, #"{"error": null}"#, .serverError, "status 599"),
  ])
  func namesWhatAStatusMeans(status: Int, body: String, kind: TeacherError.Reason, part: String) throws {
    let error = try #require(throws: TeacherError.self) {
      try read([Data(body.utf8)], by: reader(type: "text/plain", status: status))
    }
    #expect(error.reason == kind)
    #expect(error.detail.contains(part), "\(error)")
    #expect(!error.detail.contains("\n") && !error.detail.contains("\u{1B}"))
  }

  @Test func quotesAtMostTwoHundredCharacters() throws {
    let error = try #require(throws: TeacherError.self) {
      try read([Data(repeating: UInt8(ascii: "x"), count: 1_000_000)], by: reader(status: 500))
    }
    #expect(error.reason == .serverError)
    #expect(error.detail.count(where: { $0 == "x" }) == 199)
  }

  @Test(arguments: [
    ("3", 3), (" 120 ", 120), ("0", 0), ("99999999999999999999", 365 * 86_400), ("Tue, 24 Nov 2026 11:15:41 GMT", 30),
    ("Tuesday, 24-Nov-26 11:15:41 GMT", 30), ("Tue Nov 24 11:15:41 2026", 30), ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
    ("soon", nil), ("-3", nil), ("", nil), ("1.5", nil), ("Tue, 99 Nov 2026 11:15:41 GMT", nil),
  ])
  func readsHowLongToWait(value: String, seconds: Int?) throws {
    let now = try Date("2026-11-24T11:15:11Z", strategy: .iso8601)
    #expect(RetryAfter.duration(of: value, now: now) == seconds.map { .seconds($0) })
  }
}
