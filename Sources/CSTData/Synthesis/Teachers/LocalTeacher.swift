import CSTCore
import Foundation

/// A model on this machine as a teacher: its calls are decoded together, and a conversation that goes on is not computed
/// from its beginning.
///
/// ```swift
/// let teacher = try LocalTeacher(model: LanguageModel(contentsOf: file))
/// ```
///
/// Its reply to a call depends on the call and the model alone, so a journal of its replies can be repeated.
public struct LocalTeacher: Teacher {
  /// `local:`, the model's identity, a digest of its adapter if it has one, and the precision of its products.
  public let identity: String
  private let engine: ReplyEngine

  /// A teacher.
  ///
  /// - Parameters:
  ///   - model: The model, with its adapter if it has one.
  ///   - slots: Calls decoded at the same time. 32 give an eighth more tokens a second than 16 where weights are Float32,
  ///     because every pass over them serves more calls.
  ///   - cachedTokens: Tokens of conversations that have ended for which keys and values are kept.
  public init(model: LanguageModel, slots: Int = 32, cachedTokens: Int = 8192) {
    engine = ReplyEngine(model: model, slots: slots, cachedTokens: cachedTokens)
    let adapter = model.adapter.map { "+adapter:\($0.digest)" } ?? ""
    identity = "local:\(model.identity)\(adapter):\(model.precision.rawValue)"
  }

  /// Twice the slots, so that a place that becomes free is taken at once.
  public var concurrency: Int { 2 * engine.slots }

  /// The model's reply; to a call with choices, the likeliest of them, the first where several are.
  /// - Throws: ``TeacherError`` of the kind `promptTooLong`, or `unsupportedCall` where the choices cannot be told apart;
  ///   `CancellationError`.
  public func reply(to call: TeacherCall) async throws -> TeacherReply {
    do {
      if !call.choices.isEmpty { return try await choice(call) }
      let reply = try await engine.respond(
        to: call.messages, sampling: call.sampling, maximumTokens: call.maximumTokens)
      var said = TeacherReply(
        text: reply.text, isComplete: reply.isComplete, promptTokens: reply.promptTokens,
        completionTokens: reply.completionTokens)
      try said.removeThoughts(limit: call.maximumTokens)
      return said
    } catch let error as ConversationError {
      if case .promptTooLong = error.reason { throw TeacherError(.promptTooLong, detail: error.description) }
      throw TeacherError(.unsupportedCall, detail: error.description)
    } catch let error as ChoiceError {
      throw TeacherError(.unsupportedCall, detail: error.description)
    }
  }

  private func choice(_ call: TeacherCall) async throws -> TeacherReply {
    let found = try await engine.choiceProbabilities(of: call.choices, after: call.messages)
    var best = 0
    for (index, probability) in found.probabilities.enumerated() where probability > found.probabilities[best] {
      best = index
    }
    return TeacherReply(
      text: call.choices[best], isComplete: true, promptTokens: found.promptTokens, completionTokens: 1,
      choiceProbabilities: found.probabilities)
  }
}

extension LoRAAdapter {
  /// What tells this adapter from another: twelve digits of the SHA-256 of its scale, and of its parameters and their
  /// names.
  fileprivate var digest: String {
    var hash = SHA256()
    let scales = modules.map(\.scale)
    hash.update((Set(scales).count == 1 ? "\(scales[0])" : "\(scales)").utf8)
    for (name, tensor) in namedParameters {
      hash.update(name.utf8)
      tensor.withElements { hash.update(UnsafeRawBufferPointer($0)) }
    }
    return String(hash.digest().prefix(12))
  }
}
