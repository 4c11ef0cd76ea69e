/// A step of generating preference data by self-critique (Bai et al., arXiv 2212.08073; Gallego, arXiv 2404.00495).
@nonexhaustive
public enum SynthesisStage: String, Sendable, Hashable, Codable, CaseIterable {
  /// Answers the prompt under one configuration's system prompt.
  case draft
  /// Criticises the draft by another configuration's principles.
  case critique
  /// Rewrites the draft by the critique.
  case revision
  /// Declines a neutral prompt: the answer a neutral row rejects.
  case misplacedRefusal = "misplaced_refusal"
  /// Says which configuration an answer follows.
  case adherence
  /// Says whether an answer addresses the question.
  case relevance

  /// What may be filled into the prompts of this stage.
  package var placeholders: [PromptTemplate.Placeholder] {
    switch self {
    case .draft, .misplacedRefusal: [.question, .system, .configuration]
    case .critique, .revision: [.question, .system, .configuration, .principles, .criteria, .level]
    case .adherence: [.question, .answer, .options, .criteria]
    case .relevance: [.question, .answer]
    }
  }

  /// What the prompts of this stage must mention, or the teacher would not know what the call is about.
  var needed: [PromptTemplate.Placeholder] {
    switch self {
    case .draft: [.question]
    case .critique, .revision, .misplacedRefusal: []
    case .adherence: [.question, .answer, .options]
    case .relevance: [.question, .answer]
    }
  }
}
