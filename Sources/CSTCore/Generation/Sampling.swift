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
    require(temperature >= 0 && temperature.isFinite, "a temperature is not negative: \(temperature)")
    require(topP > 0 && topP <= 1, "top-p is above 0 and at most 1: \(topP)")
    self.temperature = temperature
    self.topP = topP
    self.seed = seed
  }
}
