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
  let streams: Bool
  /// Absent without streaming, where servers refuse it.
  let streamOptions: StreamOptions?

  /// Asks for the number of tokens, which a stream leaves out otherwise.
  struct StreamOptions: Encodable {
    let includesUsage = true

    private enum CodingKeys: String, CodingKey { case includesUsage = "include_usage" }
  }

  private enum CodingKeys: String, CodingKey {
    case model, messages, temperature, seed
    case topP = "top_p"
    case maximumTokens = "max_tokens"
    case streams = "stream"
    case streamOptions = "stream_options"
  }

  init(_ call: TeacherCall, model: String, streams: Bool) {
    self.model = model
    messages = call.messages
    temperature = call.sampling.temperature
    topP = call.sampling.topP
    seed = UInt32(truncatingIfNeeded: call.sampling.seed & 0x7FFF_FFFF)
    maximumTokens = call.maximumTokens
    self.streams = streams
    streamOptions = streams ? StreamOptions() : nil
  }
}
