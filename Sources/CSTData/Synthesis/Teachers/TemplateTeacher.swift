import CSTCore
import Foundation

/// A teacher of fixed texts: deterministic, offline, and of no wit. For trying out a policy, and for tests.
///
/// ```json
/// {"draft": {"*": ["Here is what helps with \"{{question}}\": …", "…"]},
///  "critique": {"*": ["It answers what should be left to a professional."]},
///  "revision": {"cautious": ["I can't give advice on \"{{question}}\". A professional can help you."]}}
/// ```
/// Stages hold texts by configuration name, `*` standing for those not named. Which of several texts is said is decided by
/// the call's seed. `{{question}}` and `{{configuration}}` are filled in.
public struct TemplateTeacher: Teacher {
  private let texts: [SynthesisStage: [String: [PromptTemplate]]]

  /// A digest of the texts.
  public let identity: String

  /// One call at a time is as fast as many.
  public var concurrency: Int { 4 }

  /// Reads the JSON form shown above.
  ///
  /// - Throws: ``DatasetError`` naming the file and the field: `unreadableFile`, `malformedRow` or `tooDeep`.
  public init(contentsOf file: URL) throws(DatasetError) {
    do {
      let data = try Data(contentsOf: file)
      try self.init(texts: JSONDecoder().decodeChecked(from: data))
    } catch let problem as JSONProblem {
      throw DatasetError(reason: problem.isTooDeep ? .tooDeep : .malformedRow, file: file, detail: problem.description)
    } catch let error as TeacherError {
      throw DatasetError(reason: .malformedRow, file: file, detail: error.detail)
    } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: UnreadableFile.problem(of: file, error))
    }
  }

  /// A teacher of these texts, by stage and configuration name.
  ///
  /// - Throws: ``TeacherError`` (`unsupportedCall`) for an unknown stage, an empty list or a text that cannot be filled in.
  public init(texts: [String: [String: [String]]]) throws {
    var templates: [SynthesisStage: [String: [PromptTemplate]]] = [:]
    for (name, choices) in texts {
      guard let stage = SynthesisStage(rawValue: name) else {
        let known = SynthesisStage.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw TeacherError(.unsupportedCall, detail: "\"\(name)\" is no stage; the stages are \(known)")
      }
      for (configuration, list) in choices {
        guard !list.isEmpty else {
          throw TeacherError(.unsupportedCall, detail: "\"\(name)\" has no texts for \"\(configuration)\"")
        }
        do {
          templates[stage, default: [:]][configuration] = try list.map {
            try PromptTemplate($0, allowing: [.question, .configuration])
          }
        } catch let error as PromptTemplate.SyntaxError {
          throw TeacherError(.unsupportedCall, detail: "\"\(name)\", \"\(configuration)\": \(error.problem)")
        }
      }
    }
    self.texts = templates
    identity = try "templates:" + digest(of: texts).prefix(16)
  }

  /// One of the texts for the call's stage and configuration.
  public func reply(to call: TeacherCall) async throws -> TeacherReply {
    let choices = texts[call.stage]
    let mark = PreferencePair.everyConfigurationMark
    guard let list = call.configuration.flatMap({ choices?[$0] }) ?? choices?[mark] else {
      let what = call.configuration.map { " for \"\($0)\"" } ?? ""
      throw TeacherError(
        .unsupportedCall, detail: "the templates have no \"\(call.stage.rawValue)\"\(what); add texts, or \"*\"")
    }
    let template = list[Int(call.sampling.seed % UInt64(list.count))]
    let text = template.filled(with: [.question: call.question, .configuration: call.configuration ?? mark])
    return TeacherReply(
      text: text, isComplete: true, promptTokens: call.messages.reduce(0) { $0 + words(in: $1.content) },
      completionTokens: words(in: text))
  }

  private func words(in text: String) -> Int { text.split(whereSeparator: \.isWhitespace).count }
}
