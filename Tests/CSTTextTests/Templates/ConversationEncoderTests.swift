import TestSupport
import Testing

@testable import CSTCore
@testable import CSTText

/// Prompts and answers of real templates, split in token space.
struct ConversationEncoderTests {
  private let tokenizer: Tokenizer

  init() throws { tokenizer = try TemplateMarks.tokenizer() }

  private func encoder(_ name: String) throws -> ConversationEncoder {
    ConversationEncoder(
      tokenizer: tokenizer, template: try ChatTemplate(TemplateFixtures.source(name), for: tokenizer),
      maximumLength: .max)
  }

  @Test func everyTemplateIsUsableOrSaysWhyNot() throws {
    let messages: [Message] = [.system("Be kind."), .user("Is tea good?")]
    var roles: [SystemRole: Int] = [:]
    var rewritten: [String] = []
    var unusable: [String] = []
    var endless: [String] = []
    for name in try TemplateFixtures.names() {
      let source = try TemplateFixtures.source(name)
      let template: ChatTemplate
      do throws(ChatTemplateError) {
        template = try ChatTemplate(source, for: tokenizer)
      } catch {
        unusable.append("\(name): \(error.reason)")
        continue
      }
      roles[template.systemRole, default: 0] += 1
      if !template.writesEndOfTurn { endless.append(name) }
      let encoder = ConversationEncoder(tokenizer: tokenizer, template: template, maximumLength: .max)
      let prompt = try encoder.prompt(messages)
      let whole = try template.render(messages + [.assistant("Yes, it is.")], generationPrompt: .omitted)
      do throws(ConversationError) {
        let completion = try encoder.completion("Yes, it is.", to: messages, prompt: prompt)
        let text = tokenizer.decode(completion.tokens)
        #expect(text.contains("Yes, it is."), "\(name)")
        #expect(completion.tokens.contains(template.endOfTurnID), "\(name)")
        let end = template.writesEndOfTurn ? [] : [template.endOfTurnID]
        #expect(prompt + completion.tokens == encoder.encode(whole) + end, "\(name)")
      } catch {
        guard case .promptRewritten = error.reason else {
          Issue.record("\(name): \(error)")
          continue
        }
        rewritten.append(name)
      }
    }
    #expect(roles[.folded] == 3, "\(roles)")
    #expect(unusable == ["hermes-2-pro: invalid operation"], "it needs tools")
    // These end an answer with text, or with the next turn's mark.
    #expect(endless.sorted() == ["apertus", "glm-4-moe", "glm-4.6", "glm-4.7-flash", "rwkv-world", "solar"])
    #expect(rewritten.count < 20, "\(rewritten)")
    #expect(rewritten.contains("deepseek-r1-distill-qwen"))
  }

  /// Mistral-Nemo's template drops the system text once the answer is there.
  @Test func aSystemTextIsNotLostWithTheAnswer() throws {
    let encoder = try encoder("mistral-nemo")
    let messages: [Message] = [.system("Be kind."), .user("Tea?")]
    let prompt = try encoder.prompt(messages)
    #expect(tokenizer.decode(prompt).contains("Be kind.\n\nTea?"))
    let completion = try encoder.completion("Yes.", to: messages, prompt: prompt)
    #expect(tokenizer.decode(completion.tokens).hasPrefix("Yes."))
  }

  @Test func anEmptyThoughtBelongsToTheCompletion() throws {
    let encoder = try encoder("qwen3")
    let messages: [Message] = [.user("Tea?")]
    let prompt = try encoder.prompt(messages)
    let completion = try encoder.completion("Yes.", to: messages, prompt: prompt)
    #expect(tokenizer.decode(completion.tokens) == "<think>\n\n</think>\n\nYes.<|im_end|>\n")
    #expect(tokenizer.decode(prompt).hasSuffix("<|im_start|>assistant\n"))
  }

  @Test func whatTheTemplateTrimsIsNotTrainedOn() throws {
    let encoder = try encoder("gemma-2")
    let messages: [Message] = [.user("  Tea? ")]
    let prompt = try encoder.prompt(messages)
    let completion = try encoder.completion("\n\n Yes. \n", to: messages, prompt: prompt)
    #expect(tokenizer.decode(completion.tokens) == "Yes.<end_of_turn>\n")
  }

  @Test func aPromptThatIsRewrittenIsAnError() throws {
    let encoder = try encoder("deepseek-r1-distill-qwen")
    let messages: [Message] = [.user("Tea?")]
    let prompt = try encoder.prompt(messages)
    let error = #expect(throws: ConversationError.self) {
      try encoder.completion("Yes.", to: messages, prompt: prompt)
    }
    guard case .promptRewritten? = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("otherwise than the prompt") == true)
  }

  @Test func aRefusedConversationNamesItsRow() throws {
    let encoder = try encoder("mistral-7b-v0.2")
    let pair = ConfiguredPair(
      prompt: [.user("a"), .user("b")], chosen: "c", rejected: "d", configuration: nil, source: 7, preference: 1)
    let error = #expect(throws: ConversationError.self) { try EncodedPair(pair, with: encoder) }
    #expect(error?.row == 7)
    #expect(
      error?.description.hasPrefix("row 7: chat template, line 1: the template refuses the conversation: ") == true)
    #expect(error?.description.contains("roles must alternate") == true)
  }

  @Test func oneBeginOfText() throws {
    var definition = TinyTokenizer.definition(merges: [], added: [("<s>", .control), ("</s>", .control)])
    definition.bosID = 256
    definition.eosID = 257
    definition.addsBOS = true
    let tokenizer = try Tokenizer(definition)
    for opening in ["", "{{ bos_token }}", "<s>"] {
      let template = try ChatTemplate(
        opening + "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}", for: tokenizer)
      let encoder = ConversationEncoder(tokenizer: tokenizer, template: template, maximumLength: .max)
      let ids = try encoder.prompt([.user("<s>a")])
      #expect(ids.filter { $0 >= 256 } == [256, 257])
      #expect(ids.first == 256)
    }
  }
}
