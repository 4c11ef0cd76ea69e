import CSTCore
import Foundation

/// What a server says about a failure, from `{"error": {"message": …, "code": …}}` or one of the forms in use beside it.
struct ServerMessage: Decodable {
  let text: String?
  /// A word such as `context_length_exceeded`, or a type such as `exceed_context_size_error`.
  let words: [String]
  /// A status that arrived in the body, as in a stream, whose own status has been sent by then.
  let status: Int?

  init(from decoder: any Decoder) throws { self.init(try JSONValue(from: decoder)) }

  init(_ value: JSONValue) {
    text = value.string ?? value["message"]?.string ?? value["detail"]?.string
    words = ["code", "type"].compactMap { value[$0]?.string }
    status =
      value["code"]?.integer ?? value["status"]?.integer ?? value["status_code"]?.integer
      ?? value["code"]?.string.flatMap { Int($0) }
  }

  /// The message in the body of a failed request; nil for a body of another form, such as a page of HTML.
  static func found(in body: [UInt8]) -> ServerMessage? {
    struct Envelope: Decodable {
      let error: ServerMessage?
      let detail: String?
      let message: String?

      private enum CodingKeys: String, CodingKey { case error, detail, message }

      init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        error = try fields.decodeIfPresent(ServerMessage.self, forKey: .error)
        detail = try? fields.decode(String.self, forKey: .detail)
        message = try? fields.decode(String.self, forKey: .message)
      }
    }
    guard let envelope: Envelope = try? JSONDecoder().decodeChecked(from: Data(body)) else { return nil }
    return envelope.error ?? (envelope.detail ?? envelope.message).map { ServerMessage(text: $0) }
  }

  private init(text: String) { (self.text, words, status) = (text, [], nil) }

  /// At most 200 characters of a text from a server: one line, in quotation marks, without the key, should the server
  /// have sent it back.
  static func quote(_ text: String, hiding key: APIKey?) -> String {
    // More than any quotation needs; the key is blanked before the cut, so that no half of it is left.
    let start = String(String.UnicodeScalarView(text.unicodeScalars.prefix(20_000)))
    let line = start.split {
      $0.isWhitespace || $0.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
    .joined(separator: " ")
    let safe = key?.hidden(in: line) ?? line
    return "“\(safe.count > 200 ? safe.prefix(199) + "…" : safe[...])”"
  }
}
