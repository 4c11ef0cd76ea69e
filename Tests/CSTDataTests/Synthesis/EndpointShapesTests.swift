import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTData

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// What servers that imitate OpenAI's interface send, each shape with its right value (`Tests/Fixtures/endpoints`).
@Suite struct EndpointShapesTests {
  struct Shape: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let type: String
    let body: String
    var text: String?
    var error: String?
    var complete: Bool?
    var thoughts: Int?
    var reason: String?
    var open: Bool?
    var prompt: Int?
    var completion: Int?

    var testDescription: String { name }
  }

  static let shapes: [Shape] = {
    let file = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/endpoints/shapes.jsonl")
    let lines = (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n") ?? []
    return lines.compactMap { try? JSONDecoder().decode(Shape.self, from: Data($0.utf8)) }
  }()

  private func read(_ shape: Shape, in pieces: Int) throws -> TeacherReply {
    var reader = ChatCompletionReader(maximumTokens: 64, key: nil)
    try reader.begin(
      #require(
        HTTPURLResponse(
          url: URL(string: "http://localhost")!, statusCode: 200, httpVersion: nil,
          headerFields: ["Content-Type": shape.type])))
    let data = Data(shape.body.utf8)
    for start in stride(from: 0, to: data.count, by: pieces) {
      if let reply = try reader.append(data[start..<min(start + pieces, data.count)]) { return reply }
    }
    return try reader.end()
  }

  @Test func thereAreEnoughOfThem() {
    #expect(Self.shapes.count > 100)
    #expect(Set(Self.shapes.map(\.name)).count == Self.shapes.count)
  }

  @Test(arguments: shapes) func isReadForWhatItMeans(shape: Shape) throws {
    for pieces in [1, 7, 1 << 20] {
      let outcome = Result { try read(shape, in: pieces) }
      switch (outcome, shape.error) {
      case (.success(let reply), nil):
        #expect(reply.text == shape.text)
        #expect(reply.isComplete == shape.complete ?? true)
        #expect(reply.strippedThoughts == shape.thoughts)
        #expect(reply.finishReason == shape.reason)
        #expect(reply.hasOpenThought == shape.open)
        #expect(reply.promptTokens == shape.prompt && reply.completionTokens == shape.completion)
      case (.failure(let error), let expected?):
        #expect((error as? TeacherError)?.reason.description == expected, "\(error)")
      default: Issue.record("\(outcome)")
      }
    }
  }

  @Test func unclosedThoughtsAreRejectedByName() {
    var reply = TeacherReply(text: "", isComplete: true)
    reply.hasOpenThought = true
    let rejection = SynthesisFilter().problem(with: reply, for: nil, expecting: .answer, by: RefusalJudge())
    #expect(rejection?.reason == .unclosedThought)
  }

  @Test func aRefusedNameOfTheLimitNamesTheOption() throws {
    let message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    let body = Array(#"{"error": {"message": "\#(message)", "code": "unsupported_parameter"}}"#.utf8)
    let error = TeacherError.status(400, body: body, retryAfter: nil, key: nil)
    #expect(error.detail.contains("--max-tokens-name max_completion_tokens"), "\(error)")
    let call = TeacherCall(stage: .draft, messages: [.user("x")], sampling: .greedy, maximumTokens: 7)
    let request = ChatCompletionRequest(call, model: "m", streams: false, maximumTokensName: "max_completion_tokens")
    let text = String(decoding: try JSONEncoder().encode(request), as: UTF8.self)
    #expect(text.contains(#""max_completion_tokens":7"#) && !text.contains(#""max_tokens""#))
  }
}
