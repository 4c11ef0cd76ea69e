import CSTCore
import Foundation

/// A request that a stub server received.
public struct StubRequest: Sendable {
  /// What a request for a chat completion asks for.
  public struct Chat: Sendable, Decodable {
    /// The model's name.
    public let model: String
    /// The conversation.
    public let messages: [Message]
    /// Divides the logits.
    public let temperature: Double?
    /// The nucleus.
    public let topP: Double?
    /// Decides every draw.
    public let seed: Int?
    /// Where the reply is cut.
    public let maximumTokens: Int?
    /// Whether the reply comes in pieces.
    public let streams: Bool?

    private enum CodingKeys: String, CodingKey {
      case model, messages, temperature, seed
      case topP = "top_p"
      case maximumTokens = "max_tokens"
      case streams = "stream"
    }
  }

  /// How many requests the server received before this one.
  public let index: Int
  /// `POST` or another method.
  public let method: String
  /// The path, with the query where there is one.
  public let path: String
  /// The headers by their names in lower case.
  public let headers: [String: String]
  /// The body's bytes.
  public let body: Data

  /// The body as a request for a chat completion, if it is one.
  public var chat: Chat? { try? JSONDecoder().decode(Chat.self, from: body) }
  /// Whether the reply is asked for in pieces.
  public var streams: Bool { chat?.streams ?? false }
}
