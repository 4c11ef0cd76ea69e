/// A question with options, one of them right: scored by which option the model finds likeliest as what follows.
///
/// ```swift
/// MultipleChoiceQuestion("What do bees make?", options: ["honey", "steel"], answer: 0)
/// ```
///
/// It is read as plain text, without a chat template, in the form that lm-evaluation-harness gives PIQA and the
/// continuation form of MMLU: the context `Question: …\nAnswer:`, and a space and an option behind it.
public struct MultipleChoiceQuestion: Hashable, Sendable {
  /// What stands before an option.
  public let context: String
  /// The options, as they are scored.
  public let options: [String]
  /// The right option, counted from 0.
  public let answer: Int
  /// The question's name, for finding it again.
  public var id: String?
  /// What it is about.
  public var subject: String?
  private var uncomparedPlace = Uncompared<RowPlace?>(value: nil)

  /// Where it was read, if that is known; no part of what makes questions equal.
  public var place: RowPlace? {
    get { uncomparedPlace.value }
    set { uncomparedPlace.value = newValue }
  }

  /// A question with the context `Question: …\nAnswer:`. Traps as ``init(context:options:answer:id:subject:)``.
  public init(_ question: String, options: [String], answer: Int, id: String? = nil, subject: String? = nil) {
    self.init(
      context: Self.context(of: question), options: options, answer: answer, id: id, subject: subject)
  }

  /// A question with a context of its own: letters to choose from, or questions with their answers before it.
  ///
  /// Traps where the context or an option is blank, where there are fewer than two options or two equal ones, and where
  /// the answer is none of them.
  public init(context: String, options: [String], answer: Int, id: String? = nil, subject: String? = nil) {
    require(!context.isBlank, "a question has a text")
    require(!options.contains(where: \.isBlank), "an option has a text")
    require(
      options.count >= 2 && Set(options).count == options.count, "a question has two options or more, all different")
    require(options.indices.contains(answer), "answer \(answer) is none of \(options.count) options")
    self.context = context
    self.options = options
    self.answer = answer
    self.id = id
    self.subject = subject
  }

  static func context(of question: String) -> String { "Question: \(question)\nAnswer:" }
}

extension MultipleChoiceQuestion {
  /// The question's tokens: options that share the tokens of the context share its computation.
  struct Encoded {
    /// The context with the options that continue its tokens.
    private(set) var groups: [CompletionGroup] = []
    /// The options of each group.
    private(set) var members: [[Int]] = []

    /// Context and option are encoded together and divided after as many tokens as the context alone has; spaces at the
    /// context's end are the option's.
    /// - Returns: `nil` where an option adds no token to the context.
    init?(_ question: MultipleChoiceQuestion, with encoder: ConversationEncoder) {
      let (context, spaces) = question.context.dividedBeforeLastSpaces
      let contextCount = encoder.encode([.content(context)]).count
      var prompts: [[Int32]] = []
      var completions: [[[Int32]]] = []
      for (option, text) in question.options.enumerated() {
        let whole = encoder.encode([.content("\(context)\(spaces) \(text)")])
        guard contextCount > 0, whole.count > contextCount else { return nil }
        let prompt = Array(whole[..<contextCount])
        let completion = Array(whole[contextCount...])
        if let group = prompts.firstIndex(of: prompt) {
          completions[group].append(completion)
          members[group].append(option)
        } else {
          prompts.append(prompt)
          completions.append([completion])
          members.append([option])
        }
      }
      groups = zip(prompts, completions).map { CompletionGroup(prompt: $0, completions: $1) }
    }

    /// What belongs to each option, from what belongs to each group's members.
    static func inOrder(_ members: [[Int]], _ values: [[Double]]) -> [Double] {
      zip(members, values).flatMap { zip($0, $1) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// Tokens of the longest option with its context that the model reads.
    var longest: Int {
      groups.map { group in group.prompt.count + (group.completions.map(\.count).max() ?? 1) - 1 }.max() ?? 0
    }
  }
}

extension String {
  /// The text without white space at its end, and that white space, as Python's `rstrip` finds it.
  fileprivate var dividedBeforeLastSpaces: (text: String, spaces: String) {
    var end = unicodeScalars.endIndex
    while end > unicodeScalars.startIndex {
      let last = unicodeScalars.index(before: end)
      let scalar = unicodeScalars[last]
      guard scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value) else { break }
      end = last
    }
    return (String(self[..<end]), String(self[end...]))
  }
}
