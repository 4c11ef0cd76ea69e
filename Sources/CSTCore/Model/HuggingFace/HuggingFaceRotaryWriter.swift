/// The rotary embeddings of a configuration as `config.json` states them: `rope_theta` and `rope_scaling`, which every
/// version of `transformers` reads.
struct HuggingFaceRotaryWriter {
  let members: [(HuggingFaceKey, JSONValue)]

  init(_ configuration: ModelConfiguration) throws(ExportError) {
    let rotary = configuration.rotary
    var members: [(HuggingFaceKey, JSONValue)] = [(.rotaryBase, .double(rotary.base))]
    if rotary.width != configuration.heads.headWidth {
      let share = Double(rotary.width) / Double(configuration.heads.headWidth)
      members.append((.rotatedShare, .double(share)))
    }
    switch rotary.scaling {
    case .none: members.append((.rotaryScaling, .null))
    case .linear(let factor):
      members.append((.rotaryScaling, Self.object([(.type, .string("linear")), (.factor, .double(factor))])))
    case .llama3(let factor, let low, let high, let length):
      members.append((.rotaryScaling, Self.llama3(factor, low, high, length)))
    case .perPair(let factors):
      members.append((.rotaryScaling, try Self.recognised(factors, rotary)))
    case .yarn(let factor, let length, let fast, let slow, let magnitude):
      let yarn = Self.object([
        (.type, .string("yarn")), (.factor, .double(factor)), (.originalLength, .integer(length)),
        (.magnitude, .double(magnitude)), (.fastTurns, .double(fast)), (.slowTurns, .double(slow)),
      ])
      members.append((.rotaryScaling, yarn))
    case .longRope(let short, let long, let length, let magnitude):
      // Before version 5, transformers takes three members and refuses any other.
      var scaling: [(HuggingFaceRotaryKey, JSONValue)] = [
        (.olderType, .string("longrope")),
        (.shortFactors, .array(short.map { .number(JSONNumber($0)) })),
        (.longFactors, .array(long.map { .number(JSONNumber($0)) })),
      ]
      let usual = RotaryScaling.longRopeMagnitude(length: configuration.contextLength, originalLength: length)
      if Float(usual) != Float(magnitude) { scaling.append((.magnitude, .double(magnitude))) }
      members += [(.originalLength, .integer(length)), (.rotaryScaling, Self.object(scaling))]
    }
    self.members = members
  }

  private static func object(_ members: [(HuggingFaceRotaryKey, JSONValue)]) -> JSONValue {
    .object(JSONMembers(members.map { ($0.rawValue, $1) }))
  }

  private static func llama3(_ factor: Double, _ low: Double, _ high: Double, _ length: Int) -> JSONValue {
    object([
      (.type, .string("llama3")), (.factor, .double(factor)), (.lowFrequencyFactor, .double(low)),
      (.highFrequencyFactor, .double(high)), (.originalLength, .integer(length)),
    ])
  }

  /// The scaling that gives these factors: Llama 3.1's or Llama 3.2's, whose GGUF files hold nothing but the factors.
  private static func recognised(_ factors: [Float], _ rotary: RotaryConfiguration) throws(ExportError) -> JSONValue {
    for factor in [8.0, 32.0] {
      let scaling = RotaryScaling.llama3(
        factor: factor, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 8192)
      let expected = RotaryConfiguration(base: rotary.base, width: rotary.width, scaling: scaling).frequencyFactors
      let isEqual = zip(factors, expected).allSatisfy { abs($0 - $1) <= 1e-5 * $1 }
      if factors.count == expected.count, isEqual { return llama3(factor, 1, 4, 8192) }
    }
    throw ExportError(
      .configuration("config.json has no words for the factors of rope_freqs.weight; start from a Hugging Face folder"))
  }
}
