extension PreTokenizer {
  /// A sequence of components of a `tokenizer.json`, in the spelling of ``TokenizerComponents``, and what it does.
  package struct Known {
    package let parts: [String]
    package let rule: PreTokenizer
  }

  private static let gpt2Regex =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  private static let llama3Regex =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
    + #"\s+(?!\S)|\s+"#
  private static let qwen2Regex =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let upper = #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  private static let contraction = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
  private static let tekkenEnd = #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let tekkenRegex = "\(upper)*\(lower)+|\(upper)+\(lower)*|" + #"\p{N}"# + tekkenEnd
  private static let gpt4oRegex =
    "\(upper)*\(lower)+\(contraction)|\(upper)+\(lower)*\(contraction)|" + #"\p{N}{1,3}"# + tekkenEnd
  private static let deepSeek3Regex =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^"## + "\r\n"
    + #"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+["# + "\r\n" + #"]*|\s*["# + "\r\n" + #"]+|\s+(?!\S)|\s+"#
  private static let wide = "[\(DeepSeekClasses.wideText)]+"

  /// Expressions with a match at every place of every text.
  static let coveringRegexes: Set<String> = [gpt2Regex, llama3Regex, qwen2Regex, tekkenRegex, gpt4oRegex]

  /// Every sequence of components that is implemented.
  package static let known: [Known] = [
    Known(parts: ["ByteLevel with regex"], rule: .gpt2),
    Known(parts: [gpt2Regex, "ByteLevel"], rule: .gpt2),
    Known(parts: ["Digits one by one", "ByteLevel with regex"], rule: .smolLM),
    Known(parts: [llama3Regex, "ByteLevel"], rule: .llama3),
    Known(parts: [qwen2Regex, "ByteLevel"], rule: .qwen2),
    Known(parts: [tekkenRegex, "ByteLevel"], rule: .tekken),
    Known(parts: [gpt4oRegex, "ByteLevel"], rule: .gpt4o),
    Known(parts: ["Punctuation", "ByteLevel with regex", "Digits", "[0-9][0-9][0-9]"], rule: .falcon),
    Known(
      parts: [
        "[\r\n]", #"\s?["# + DeepSeekClasses.lettersText + "]+", #"\s?["# + DeepSeekClasses.punctuationText + "]+",
        #"\s+$"#, wide, "Digits one by one", "ByteLevel",
      ], rule: .deepSeekLLM),
    Known(
      parts: ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, wide, "Digits one by one", "ByteLevel"], rule: .deepSeekCoder),
    Known(
      parts: [#"\p{N}{1,3}"#, "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+", deepSeek3Regex, "ByteLevel"],
      rule: .deepSeekV3),
  ]
}
