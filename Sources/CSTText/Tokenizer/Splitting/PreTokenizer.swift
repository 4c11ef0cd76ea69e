/// The rule that cuts text into the words that are merged on their own.
///
/// The raw values are the names GGUF files use (`tokenizer.ggml.pre`).
package enum PreTokenizer: String, CaseIterable, Sendable {
  /// GPT-2's regular expression.
  case gpt2 = "gpt-2"
  /// SmolLM and StarCoder: every number scalar is a word of its own, GPT-2's expression cuts what is between them.
  case smolLM = "smollm"
  /// Llama 3: contractions in any case, numbers of up to three digits.
  case llama3 = "llama-bpe"
  /// Qwen 2, 2.5 and 3: Llama 3's expression with single digits.
  case qwen2
  /// Mistral's tekken: words end where lower case turns to upper.
  case tekken
  /// GPT-4o and Phi-4-mini: tekken's expression with contractions and numbers of up to three digits.
  case gpt4o = "gpt-4o"
  /// Falcon: punctuation apart, GPT-2's expression, then digits by threes.
  case falcon
  case deepSeekLLM = "deepseek-llm"
  case deepSeekCoder = "deepseek-coder"
  case deepSeekV3 = "deepseek-v3"
  /// What llama.cpp does for files that name `default`.
  case llamaDefault = "default"

  /// Other names that GGUF files use for the same rules.
  private static let synonyms: [String: PreTokenizer] = [
    "phi-2": .gpt2, "starcoder": .smolLM, "llama3": .llama3, "llama-v3": .llama3, "dbrx": .llama3, "smaug-bpe": .llama3,
    "deepseek-r1-qwen": .qwen2,
  ]

  package init(named name: String) throws(TokenizerError) {
    guard let known = PreTokenizer(rawValue: name) ?? Self.synonyms[name] else {
      let names = (Self.allCases.map(\.rawValue) + Self.synonyms.keys).sorted().map { "\"\($0)\"" }
      throw TokenizerError(
        .unknownPreTokenizer, at: "tokenizer.ggml.pre",
        "\(TokenizerError.quote(name)) is not implemented (known: \(names.joined(separator: ", "))); another rule would "
          + "give the model wrong ids")
    }
    self = known
  }

  /// The steps of the rule: each cuts the pieces that the one before it left.
  var steps: [SplittingStep] {
    switch self {
    case .gpt2: [.gpt2]
    case .smolLM: [.each(.digitsNumeric), .gpt2]
    case .llama3: [.contractionsFirst(digits: 3)]
    case .qwen2: [.contractionsFirst(digits: 1)]
    case .tekken: [.caseChanges(contractions: false, digits: 1)]
    case .gpt4o: [.caseChanges(contractions: true, digits: 3)]
    case .falcon: [.runs(.componentPunctuation), .gpt2, .numericBytes, .threeDigits]
    case .deepSeekLLM:
      [
        .each(.newline), .spacedRuns(.deepSeekLetter), .spacedRuns(.deepSeekPunctuation), .trailingSpace,
        .runs(.deepSeekWide), .each(.digitsNumeric),
      ]
    case .deepSeekCoder:
      [.each(.newline), .spacedRuns(.letter), .spacedRuns(.punctuation), .runs(.deepSeekWide), .each(.digitsNumeric)]
    case .deepSeekV3: [.groups(.number), .runs(.deepSeekHanKana), .deepSeek3]
    case .llamaDefault: [.runs(.defaultPunctuation), .gpt2, .runs(.number), .threeDigits]
    }
  }
}

/// One step of a pre-tokenizer: how it cuts a piece of text.
enum SplittingStep: Hashable, Sendable {
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
  case gpt2
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|`
  /// `\s+(?!\S)|\s+`.
  case contractionsFirst(digits: Int)
  /// With U = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]` and L = `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`:
  /// `[^\r\n\p{L}\p{N}]?U*L+|[^\r\n\p{L}\p{N}]?U+L*|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`;
  /// with contractions, the first two end with `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`.
  case caseChanges(contractions: Bool, digits: Int)
  /// DeepSeek-V3's expression, which leaves text between its matches.
  case deepSeek3
  /// Every scalar of a class is a piece.
  case each(ScalarClass)
  /// Every run of scalars of a class is a piece.
  case runs(ScalarClass)
  /// Every run with the white space scalar before it is a piece.
  case spacedRuns(ScalarClass)
  /// Runs in pieces of up to three scalars.
  case groups(ScalarClass)
  /// `[0-9][0-9][0-9]`.
  case threeDigits
  /// `\s+$`.
  case trailingSpace
  /// Runs of bytes that are numeric in the byte-level alphabet: ASCII digits, and bytes that spell ², ³, ¹, ¼, ½ and ¾.
  case numericBytes
}
