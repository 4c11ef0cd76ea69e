import CSTCore
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A teacher behind an OpenAI-compatible interface: a server on this machine, or a service with a key.
///
/// ```swift
/// let teacher = try HTTPTeacher(baseURL: URL(string: "http://127.0.0.1:8000/v1")!, model: "smollm2", key: nil)
/// let reply = try await teacher.reply(to: call)
/// ```
///
/// It is not a client for more than that: one attempt and one connection a call, no tools, no images, no redirections, no
/// cookies, no cache.
/// The key travels in one header, over TLS or within this machine. A call's `choices` are not enforced: the reply is
/// whatever the model writes, and has no ``TeacherReply/choiceProbabilities``.
public struct HTTPTeacher: Teacher {
  /// How a reply is asked for.
  public enum Delivery: Sendable, Hashable {
    /// In pieces as they are written, as server-sent events. A server that sends a whole reply instead is understood.
    case streamed
    /// In one piece when it is done. `HTTPLimits.idle` must leave time for all of it.
    case whole
  }

  /// `openai:`, the base URL without a slash at its end, `#` and the model.
  public let identity: String
  /// How many calls in flight the endpoint is given.
  public let concurrency: Int

  private let endpoint: URL
  private let model: String
  private let key: APIKey?
  private let limits: HTTPLimits
  private let delivery: Delivery
  private let maximumTokensName: String

  /// A teacher behind an interface. Sends nothing.
  ///
  /// - Parameters:
  ///   - baseURL: What `/chat/completions` is put after, such as `https://example.org/v1`.
  ///   - model: The model's name, as the server knows it.
  ///   - key: Sent as `Authorization: Bearer`.
  ///   - concurrency: How many calls in flight to give the endpoint. Traps unless above 0.
  ///   - limits: How long a reply may take, and how large it may be.
  ///   - delivery: How replies are asked for.
  ///   - maximumTokensName: What the interface calls the limit of a reply's tokens; newer models of some services want
  ///     `max_completion_tokens`.
  ///   - environment: The process's own, in which the system finds its proxies.
  /// - Throws: ``EndpointError`` for a base URL with a user name, a query or a fragment, or that is not `http` or
  ///   `https`, and for a key that would cross a network unencrypted.
  public init(
    baseURL: URL, model: String, key: APIKey?, concurrency: Int = 4, limits: HTTPLimits = HTTPLimits(),
    delivery: Delivery = .streamed, maximumTokensName: String = "max_tokens",
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(EndpointError) {
    precondition(concurrency > 0, "the number of calls in flight is above 0, not \(concurrency)")
    let base = try EndpointAddress(baseURL)
    if key != nil { try base.requireSecrecy(environment: environment) }
    identity = "openai:\(base.text)#\(model)"
    endpoint = base.chatCompletions
    self.concurrency = concurrency
    self.model = model
    self.key = key
    self.limits = limits
    self.delivery = delivery
    self.maximumTokensName = maximumTokensName
  }

  /// The reply to one call, in one attempt. Cancelling the task closes the connection.
  /// - Throws: ``TeacherError``, or `CancellationError`.
  public func reply(to call: TeacherCall) async throws -> TeacherReply {
    let exchange = HTTPExchange(
      reader: ChatCompletionReader(maximumTokens: call.maximumTokens, key: key), limits: limits)
    do {
      return try await exchange.run(request(for: call))
    } catch var error as TeacherError {
      error.detail = "\(endpoint.absoluteString): \(error.detail)"
      throw error
    }
  }

  private func request(for call: TeacherCall) throws -> URLRequest {
    var request = URLRequest(url: endpoint)
    request.httpMethod = "POST"
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.setValue(
      delivery == .streamed ? "text/event-stream, application/json" : "application/json", forHTTPHeaderField: "Accept")
    if let key { request.setValue(key.authorization, forHTTPHeaderField: "Authorization") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      request.httpBody = try encoder.encode(
        ChatCompletionRequest(
          call, model: model, streams: delivery == .streamed, maximumTokensName: maximumTokensName))
    } catch {
      throw TeacherError(.unsupportedCall, detail: "the call cannot be written as JSON: \(error)")
    }
    return request
  }
}

/// How long a reply may take, and how large it may be.
public struct HTTPLimits: Sendable, Hashable {
  /// How long not a single byte may arrive. A server that streams writes a token at a time; one that does not is silent
  /// until its reply is done, and one that queues calls is silent until a call's turn comes.
  package var idle: Duration
  /// How long a whole call may take.
  package var total: Duration
  /// How many bytes a reply may have, after decompression.
  package var maximumBytes: Int

  /// Traps on limits that nothing can keep.
  public init(idle: Duration = .seconds(60), total: Duration = .seconds(600), maximumBytes: Int = 8_000_000) {
    precondition(idle > .zero && total > .zero, "time limits are above 0: idle \(idle), total \(total)")
    precondition(maximumBytes > 0, "a reply's largest size is above 0 bytes, not \(maximumBytes)")
    self.idle = idle
    self.total = total
    self.maximumBytes = maximumBytes
  }
}
