import CSTCore
import Foundation

/// What an answer must be like to become part of a row.
public struct SynthesisFilter: Sendable, Hashable, Encodable {
  /// The least words of an answer.
  package let minimumWords: Int
  /// The most that one answer's words may be of another's: 3 is three times as many.
  package let maximumLengthRatio: Double
  /// From which similarity on (``NearDuplicates``) two prompts, or two answers to one, count as the same.
  package let duplicateThreshold: Double

  /// Traps where a number is out of range.
  public init(minimumWords: Int = 5, maximumLengthRatio: Double = 3, duplicateThreshold: Double = 0.7) {
    precondition(minimumWords >= 1, "SynthesisFilter: minimumWords must be at least 1, not \(minimumWords)")
    precondition(maximumLengthRatio >= 1, "SynthesisFilter: a ratio below 1 allows nothing: \(maximumLengthRatio)")
    precondition(
      duplicateThreshold > 0 && duplicateThreshold <= 1,
      "SynthesisFilter: duplicateThreshold must be in 0 < t ≤ 1, not \(duplicateThreshold)")
    self.minimumWords = minimumWords
    self.maximumLengthRatio = maximumLengthRatio
    self.duplicateThreshold = duplicateThreshold
  }

  var nearDuplicates: NearDuplicates { NearDuplicates(threshold: duplicateThreshold) }

  /// What is wrong with an answer by itself, before any judge reads it.
  /// - Parameter expected: What the answer should do, where that is known.
  func problem(
    with reply: TeacherReply, for configuration: String?, expecting expected: SafetyConfiguration.ExpectedReply?,
    by rules: RefusalJudge
  ) -> RejectedPrompt? {
    func rejected(_ reason: RejectedPrompt.Reason, _ detail: String) -> RejectedPrompt {
      RejectedPrompt(reason, configuration: configuration, detail: detail, answer: reply.text)
    }
    if reply.hasOpenThought == true {
      return rejected(.unclosedThought, "the reply is a thought that has no end, and no answer")
    }
    let words = reply.text.words.count
    if words == 0 { return rejected(.empty, "the answer has no words") }
    if !reply.isComplete { return rejected(.truncated, "the answer was cut at the limit of tokens") }
    if words < minimumWords {
      return rejected(.tooShort, "the answer has \(words) words; at least \(minimumWords) are wanted")
    }
    switch (expected, rules.verdict(on: reply.text)) {
    case (.answer?, .refusal): return rejected(.refusal, "the answer declines where it should answer")
    case (.refusal?, .answer): return rejected(.notAsAsked, "the answer answers where it should decline")
    case (.some, .unusable): return rejected(.notAsAsked, "the answer is little but repetition")
    default: return nil
    }
  }

  /// What is wrong with a row's answers beside each other.
  func problem(with answers: [(configuration: String, text: String)]) -> RejectedPrompt? {
    for (position, first) in answers.enumerated() {
      for second in answers[(position + 1)...] {
        let similarity = nearDuplicates.similarity(first.text, second.text)
        if similarity >= duplicateThreshold {
          return RejectedPrompt(
            .nearDuplicate, configuration: second.configuration,
            detail:
              "nearly the same answer as that of \"\(first.configuration)\" (similarity \(Self.text(similarity)))",
            answer: second.text)
        }
      }
    }
    let counts = answers.map { (configuration: $0.configuration, words: $0.text.words.count, text: $0.text) }
    guard let shortest = counts.min(by: { $0.words < $1.words }), let longest = counts.max(by: { $0.words < $1.words }),
      Double(longest.words) > maximumLengthRatio * Double(shortest.words)
    else { return nil }
    return RejectedPrompt(
      .lengthGap, configuration: longest.configuration,
      detail: "\(longest.words) words beside \(shortest.words) of \"\(shortest.configuration)\"; "
        + "at most \(Self.text(maximumLengthRatio)) times as many are allowed",
      answer: longest.text)
  }

  private static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
