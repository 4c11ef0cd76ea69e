import Testing

@testable import CSTCore

/// Most on recorders of their own.
@Suite("Work profile")
struct WorkProfileTests {
  private func share(_ kind: WorkProfile.Kind, of profile: WorkProfile) throws -> WorkProfile.Share {
    try #require(profile.shares.first { $0.kind == kind })
  }

  @Test("Time, calls and operations add up by kind")
  func sums() throws {
    let recorder = WorkRecorder()
    recorder.start()
    for _ in 0..<3 { recorder.measure(.gemm, floatingPointOperations: 10) { spin() } }
    recorder.measure(.attention, floatingPointOperations: 5) { spin() }
    let profile = recorder.stop()
    #expect(try share(.gemm, of: profile).calls == 3)
    #expect(try share(.gemm, of: profile).floatingPointOperations == 30)
    #expect(try share(.attention, of: profile).floatingPointOperations == 5)
    #expect(try share(.attention, of: profile).seconds > 0)
    #expect(profile.floatingPointOperations == 35)
    #expect(profile.otherSeconds >= 0)
    #expect(profile.seconds >= profile.shares.reduce(0) { $0 + $1.seconds })
  }

  @Test("What an operation calls is part of it")
  func nesting() throws {
    let recorder = WorkRecorder()
    recorder.start()
    recorder.measure(.head, floatingPointOperations: 1) {
      recorder.measure(.gemm, floatingPointOperations: 2) {
        recorder.measure(.packing) { spin() }
      }
    }
    recorder.measure(.gemm) { spin() }
    let profile = recorder.stop()
    #expect(try share(.head, of: profile).calls == 1)
    #expect(try share(.head, of: profile).floatingPointOperations == 3)
    #expect(try share(.packing, of: profile).calls == 0)
    #expect(try share(.gemm, of: profile).calls == 1)
    #expect(try share(.gemm, of: profile).floatingPointOperations == 0)
  }

  @Test("Nothing is counted outside a recording, and a recording starts from zero")
  func onlyWhileRecording() throws {
    let recorder = WorkRecorder()
    recorder.measure(.gemm, floatingPointOperations: 1) {}
    #expect(recorder.stop().seconds == 0)
    recorder.start()
    recorder.measure(.gemm, floatingPointOperations: 1) {}
    _ = recorder.stop()
    recorder.start()
    let profile = recorder.stop()
    #expect(profile.shares.allSatisfy { $0.calls == 0 && $0.floatingPointOperations == 0 })
  }

  private struct Interruption: Error {}

  @Test("An error passes, and what follows is counted")
  func errors() throws {
    let recorder = WorkRecorder()
    recorder.start()
    #expect(throws: Interruption.self) { try recorder.measure(.head) { throw Interruption() } }
    recorder.measure(.gemm) {}
    let profile = recorder.stop()
    #expect(try share(.head, of: profile).calls == 1)
    #expect(try share(.gemm, of: profile).calls == 1)
  }

  @Test("Work is recorded for the one who asks, on the compute thread too, and for nobody else")
  func ownWork() async throws {
    let other = Task { for _ in 0..<100 { WorkRecorder.measure(.gemm) { spin() } } }
    let (result, profile) = try await WorkProfile.recorded {
      try await onComputeThread { WorkRecorder.measure(.head, floatingPointOperations: 3) { 7 } }
    }
    await other.value
    #expect(result == 7)
    #expect(try share(.head, of: profile).calls == 1 && profile.floatingPointOperations == 3)
    #expect(try share(.gemm, of: profile).calls == 0)
    #expect(profile.seconds > 0)
  }

  private func spin() {
    let end = ContinuousClock.now + .microseconds(50)
    while ContinuousClock.now < end {}
  }
}
