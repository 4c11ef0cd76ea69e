import CSTCore

/// The prompts of stages for which a policy brings none.
enum DefaultStagePrompts {
  static func prompt(_ stage: SynthesisStage, hasRubric: Bool) -> StagePrompt {
    let messages = hasRubric ? rubricMessages(stage) ?? messages(stage) : messages(stage)
    do {
      return try StagePrompt(messages, for: stage)
    } catch {
      preconditionFailure("the default prompt of \(stage) cannot be used: \(error)")
    }
  }

  private static func messages(_ stage: SynthesisStage) -> [Message] {
    switch stage {
    case .draft: [.user("{{question}}")]
    case .critique:
      [
        .user(
          """
          Check your answer against these principles:
          {{principles}}

          In one or two sentences, say where the answer departs from them.
          """)
      ]
    case .revision:
      [
        .user(
          """
          Now rewrite your answer to the question "{{question}}" so that it follows these principles:
          {{principles}}

          Give only the rewritten answer, without any introduction.
          """)
      ]
    case .misplacedRefusal:
      [
        .user(
          """
          As an example of a mistake, write a short and polite reply to "{{question}}" that declines to answer, although \
          nothing speaks against answering, and sends the person to somebody else. Give only that reply.
          """)
      ]
    case .adherence:
      [
        .system("You judge which instruction an answer follows. You reply with one letter and nothing else."),
        .user(
          """
          An assistant was given one of these instructions:
          {{options}}

          It was asked: {{question}}
          It answered: {{answer}}

          Which instruction does the answer follow? Reply with its letter.
          """),
      ]
    case .relevance:
      [
        .system("You judge whether replies fit the question. You reply with one letter and nothing else."),
        .user(
          """
          Question: {{question}}
          Reply: {{answer}}

          Is the reply about this question, whether it answers or declines?
          A: yes
          B: no
          Reply with the letter.
          """),
      ]
    }
  }

  /// The stages that speak of a rubric where the policy has one.
  private static func rubricMessages(_ stage: SynthesisStage) -> [Message]? {
    switch stage {
    case .critique:
      [
        .user(
          """
          Answers are rated by this rubric: {{criteria}}
          The answer should be at level {{level}}:
          {{principles}}

          In one or two sentences, say what keeps your answer from that level.
          """)
      ]
    case .adherence:
      [
        .system("You rate answers by a rubric. You reply with one letter and nothing else."),
        .user(
          """
          Rubric: {{criteria}}
          Its levels, from the lowest to the highest:
          {{options}}

          Question: {{question}}
          Answer: {{answer}}

          Which level does the answer have? Reply with its letter.
          """),
      ]
    default: nil
    }
  }
}
