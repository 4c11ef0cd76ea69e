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
