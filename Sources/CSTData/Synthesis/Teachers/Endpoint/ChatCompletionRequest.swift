import CSTCore

/// The body of a request for a chat completion, as OpenAI's interface and its imitations name things.
struct ChatCompletionRequest: Encodable {
  let model: String
  let messages: [Message]
  let temperature: Double
  let topP: Double
  /// 31 bits: servers keep it in a signed or unsigned word of 32 or 64 bits, and some give −1 a meaning.
  let seed: UInt32
  let maximumTokens: Int
  /// What the server calls the limit.
  let maximumTokensName: String
  let streams: Bool
  /// Absent without streaming, where servers refuse it.
  let streamOptions: StreamOptions?

  /// Asks for the number of tokens, which a stream leaves out otherwise.
  struct StreamOptions: Encodable {
    let includesUsage = true

    private enum CodingKeys: String, CodingKey { case includesUsage = "include_usage" }
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: AnyKey.self)
    func key(_ name: String) -> AnyKey { AnyKey(stringValue: name) }
    try fields.encode(model, forKey: key("model"))
    try fields.encode(messages, forKey: key("messages"))
    try fields.encode(temperature, forKey: key("temperature"))
    try fields.encode(topP, forKey: key("top_p"))
    try fields.encode(seed, forKey: key("seed"))
    try fields.encode(maximumTokens, forKey: key(maximumTokensName))
    try fields.encode(streams, forKey: key("stream"))
    try fields.encodeIfPresent(streamOptions, forKey: key("stream_options"))
  }

  init(_ call: TeacherCall, model: String, streams: Bool, maximumTokensName: String = "max_tokens") {
    self.model = model
    self.maximumTokensName = maximumTokensName
    messages = call.messages
    temperature = call.sampling.temperature
    topP = call.sampling.topP
    seed = UInt32(truncatingIfNeeded: call.sampling.seed & 0x7FFF_FFFF)
    maximumTokens = call.maximumTokens
    self.streams = streams
    streamOptions = streams ? StreamOptions() : nil
  }
}
