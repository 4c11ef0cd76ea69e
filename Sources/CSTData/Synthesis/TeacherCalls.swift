import CSTCore
import Foundation

/// Makes calls: from the journal where they were answered before, else to the teacher, with retries.
struct TeacherCalls: Sendable {
  let journal: SynthesisJournal?
  let retries: RetryPolicy
  let observer: @Sendable (SynthesisEvent) -> Void

  /// The reply to a call.
  /// - Throws: ``TeacherError`` once retries are used up, ``DatasetError`` where the journal cannot be written,
  ///   `CancellationError`.
  func reply(of teacher: any Teacher, to call: TeacherCall) async throws -> TeacherReply {
    let address = try call.address(for: teacher.identity)
    if let known = journal?[address] {
      observer(.reused(stage: call.stage))
      return known
    }
    let reply = try await retries.run(onFailure: { observer(.failed($0.reason)) }) { try await teacher.reply(to: call) }
    let kept = try await journal?.record(reply, to: call, at: address) ?? reply
    observer(
      .replied(
        stage: call.stage, promptTokens: reply.promptTokens ?? 0, completionTokens: reply.completionTokens ?? 0))
    return kept
  }
}
