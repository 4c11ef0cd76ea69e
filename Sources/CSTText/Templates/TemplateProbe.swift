/// Finds out about a template by rendering conversations whose texts are easy to find again.
struct TemplateProbe {
  let program: TemplateProgram
  let specialTokens: [(name: String, spelling: TemplateText)]
  let date: TemplateDate

  // Words without white space or quotes: whatever a template trims or escapes, they stay as they are.
  private static let system = "cst-probe-of-the-system"
  private static let question = "cst-probe-of-the-question"
  private static let answer = "cst-probe-of-the-answer"

  private func render(_ messages: [Message], _ prompt: ChatTemplate.GenerationPrompt) throws(ChatTemplateError)
    -> [ProvenancedText.Piece]
  {
    try TemplateEvaluator(program, date: date).render(
      messages, specialTokens: specialTokens, generationPrompt: prompt
    ).provenancedText.pieces
  }

  /// Where the pieces have a text as content.
  private func position(of text: String, in pieces: [ProvenancedText.Piece]) -> Int? {
    pieces.firstIndex { piece in
      guard case .content(let content) = piece else { return false }
      return TemplateText(content, .content).contains(TemplateText(text, .content))
    }
  }

  /// Whether the template writes a system text, before an answer and when it is there. (Mistral-Nemo's writes it only
  /// where the last turn is the user's: trained on as it is, an answer would lose its configuration.)
  func hasSystemRole() throws(ChatTemplateError) -> Bool {
    do throws(ChatTemplateError) {
      let pieces = try render([.system(Self.system), .user(Self.question)], .appended)
      if position(of: Self.system, in: pieces) != nil, position(of: Self.question, in: pieces) != nil {
        let whole = try render([.system(Self.system), .user(Self.question), .assistant(Self.answer)], .omitted)
        return position(of: Self.system, in: whole) != nil
      }
    } catch {
      guard error.reason == .refusedByTemplate || error.reason == .invalidOperation else { throw error }
    }
    guard position(of: Self.question, in: try render([.user(Self.question)], .appended)) != nil else {
      throw ChatTemplateError(
        .unsupported, "it does not write what the user says; it may be made for other content than text")
    }
    return false
  }

  /// The first control token that the template writes after an answer; where it writes none, the first other added token;
  /// `nil` where it writes text only.
  func endOfTurn(_ tokenizer: Tokenizer) throws(ChatTemplateError) -> Int32? {
    let pieces = try render([.user(Self.question), .assistant(Self.answer)], .omitted)
    guard let place = position(of: Self.answer, in: pieces) else {
      throw ChatTemplateError(.unsupported, "it does not write what the assistant says")
    }
    var added: Int32?
    let known = Set(tokenizer.addedTokenIDs)
    for case .template(let text) in pieces[(place + 1)...] {
      for id in tokenizer.encode(template: text) {
        if tokenizer.isControl(id) || id == tokenizer.eosID { return id }
        if added == nil && known.contains(id) { added = id }
      }
    }
    return added
  }
}
