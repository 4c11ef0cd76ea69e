import CSTCore

extension EncodedPair {
  /// Prompt and answers for scoring, the chosen one first.
  var group: CompletionGroup { CompletionGroup(prompt: prompt, completions: [chosen.tokens, rejected.tokens]) }

  /// Whether an answer lost its end.
  var isTruncated: Bool { chosen.isTruncated || rejected.isTruncated }
}
