import CSTCore
import Foundation

/// A reply of a stub server, and the forms that it is sent in. Its tokens are words.
public struct StubReply: Sendable {
  let text: String
  let finishReason: String?
  let promptTokens: Int

  private static let words = [
    "amber", "basil", "café", "delta", "ember", "fjord", "grün", "harbour", "ivory", "juniper", "kelp", "linden",
    "naïve", "ochre", "pebble", "🧂",
  ]

  /// A sentence that the conversation determines: twelve words by a hash of its roles and texts.
  public static func echo(_ messages: [Message]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in messages.map({ "\($0.role.rawValue)\u{0}\($0.content)\u{0}" }).joined().utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    var generator = SplitMix64(seed: hash)
    return (0..<12).map { _ in words[Int(generator.next() >> 60)] }.joined(separator: " ") + "."
  }

  /// The echo, cut at the request's limit.
  init(echoing request: StubRequest) {
    let pieces = Self.echo(request.chat?.messages ?? []).split(separator: " ")
    let limit = request.chat?.maximumTokens ?? .max
    text = pieces.prefix(limit).joined(separator: " ")
    finishReason = pieces.count > limit ? "length" : "stop"
    promptTokens = Self.tokens(of: request)
  }

  init(_ text: String, finishReason: String?, to request: StubRequest) {
    (self.text, self.finishReason) = (text, finishReason)
    promptTokens = Self.tokens(of: request)
  }

  private static func tokens(of request: StubRequest) -> Int {
    request.chat?.messages.map { $0.content.split(separator: " ").count }.reduce(0, +) ?? 0
  }

  private var pieces: [String] {
    text.split(separator: " ", omittingEmptySubsequences: false).enumerated().map { ($0 == 0 ? "" : " ") + $1 }
  }

  // MARK: Forms

  private struct Completion: Encodable {
    struct Part: Encodable {
      var role: String?
      var content: String?
    }
    struct Choice: Encodable {
      var index = 0
      var message: Part?
      var delta: Part?
      var finishReason: String?
    }
    struct Usage: Encodable {
      var promptTokens: Int
      var completionTokens: Int
    }
    var id = "stub"
    var choices: [Choice]
    var usage: Usage?
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let data = try? encoder.encode(value) else { preconditionFailure("a reply of strings is JSON") }
    return String(decoding: data, as: UTF8.self)
  }

  private var usage: Completion.Usage {
    Completion.Usage(promptTokens: promptTokens, completionTokens: text.isEmpty ? 0 : pieces.count)
  }

  /// The body without streaming.
  var whole: String {
    Self.json(
      Completion(
        choices: [.init(message: .init(role: "assistant", content: text), finishReason: finishReason)], usage: usage))
  }

  /// The body with streaming, an event a piece: a role, the words, the reason, the usage, `[DONE]`.
  var events: [String] {
    var pieces = [Completion(choices: [.init(delta: .init(role: "assistant"))])]
    pieces += self.pieces.map { Completion(choices: [.init(delta: .init(content: $0))]) }
    if let finishReason { pieces.append(Completion(choices: [.init(delta: .init(), finishReason: finishReason)])) }
    pieces.append(Completion(choices: [], usage: usage))
    return pieces.map { "data: \(Self.json($0))\n\n" } + ["data: [DONE]\n\n"]
  }

  /// A reply without choices, in both forms.
  static let empty = json(Completion(choices: []))

  /// An error in OpenAI's form.
  static func error(_ message: String, code: String?) -> String {
    struct Envelope<Code: Encodable>: Encodable {
      struct Failure: Encodable {
        let message: String
        let type = "stub_error"
        let code: Code?
      }
      let error: Failure
    }
    if let code, let number = Int(code) { return json(Envelope(error: .init(message: message, code: number))) }
    return json(Envelope(error: .init(message: message, code: code)))
  }
}
