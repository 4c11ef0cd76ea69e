import TestSupport
import Testing

@testable import CSTText

/// The interpreter against jinja2 as transformers configures it.
struct TemplateReferenceTests {
  @Test func realTemplatesRenderAsTheReference() throws {
    let conversations = try TemplateFixtures.conversations()
    let rendered = try TemplateFixtures.rendered()
    #expect(conversations.count >= 20)
    #expect(rendered.count >= 50)
    var compared = (texts: 0, refusals: 0)
    for row in rendered {
      let program = try TemplateParser.parse(TemplateFixtures.source(row.template))
      #expect(row.results.count == conversations.count)
      for (index, (conversation, expected)) in zip(conversations, row.results).enumerated() {
        let place: Comment = "\(row.template), conversation \(index)"
        do throws(ChatTemplateError) {
          let text = try TemplateFixtures.render(
            program, conversation.messages, generationPrompt: conversation.generationPrompt)
          #expect(expected.text.map { Array($0.utf8) } == text.bytes, place)
          compared.texts += 1
        } catch {
          #expect(expected.text == nil, "\(row.template), conversation \(index): \(error)")
          if let refused = expected.refused {
            #expect(error.reason == .refusedByTemplate && error.detail == refused, place)
          } else {
            #expect(error.reason == .invalidOperation, place)
          }
          compared.refusals += 1
        }
      }
    }
    #expect(compared.texts > 1200 && compared.refusals > 50)
  }

  @Test func snippetsRenderAsTheReference() throws {
    let variables = try TemplateFixtures.variables()
    let snippets = try TemplateFixtures.snippets()
    #expect(snippets.count >= 500)
    var differences: [String] = []
    for snippet in snippets {
      do throws(ChatTemplateError) {
        let text = try TemplateFixtures.render(snippet.source, variables)
        if snippet.text.map({ Array($0.utf8) }) != text.bytes {
          let expected = snippet.text ?? snippet.refused ?? snippet.failed ?? ""
          differences.append(
            "\(snippet.source.debugDescription): \(text.string.debugDescription), not \(expected.debugDescription)")
        }
      } catch {
        if snippet.text != nil || (snippet.refused != nil && error.detail != snippet.refused) {
          differences.append("\(snippet.source.debugDescription): \(error)")
        }
      }
    }
    #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(40).joined(separator: "\n"))")
  }
}
