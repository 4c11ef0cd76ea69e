/// How the next token is chosen.
public struct Sampling: Sendable, Hashable, Codable {
  /// Divides the logits; 0 takes the likeliest token (greedy).
  public let temperature: Double
  /// Only the likeliest tokens whose probabilities reach this sum are drawn from (nucleus sampling, Holtzman et al.,
  /// arXiv 1904.09751); 1 draws from all.
  public let topP: Double
  /// Decides every draw.
  public let seed: UInt64

  /// Always the likeliest token.
  public static let greedy = Sampling(temperature: 0)

  /// Traps on a negative temperature and on a `topP` outside `0 < topP <= 1`.
  public init(temperature: Double = 1, topP: Double = 1, seed: UInt64 = 42) {
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
    requireGoodFields()
  }
}

extension Sampling: CheckedFields {
  package var badField: BadField? {
    guard temperature >= 0, temperature.isFinite else {
      return ("temperature", "a temperature is not negative: \(temperature)")
    }
    guard topP > 0, topP <= 1 else { return ("topP", "top-p is above 0 and at most 1: \(topP)") }
    return nil
  }

  /// - Throws: `DecodingError` for what the other `init` traps on.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    temperature = try fields.decode(Double.self, forKey: .temperature)
    topP = try fields.decode(Double.self, forKey: .topP)
    seed = try fields.decode(UInt64.self, forKey: .seed)
    try checkDecoded(at: fields.codingPath)
  }
}
