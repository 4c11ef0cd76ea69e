import CSTCore

/// What work is counted in.
public enum WorkUnit: String, Sendable, Codable {
  /// Floating-point operations, in thousands of millions a second.
  case gigaflops = "GFLOP/s"
  /// Bytes read and written, in thousands of millions a second.
  case gigabytes = "GB/s"
  /// Tokens a second.
  case tokens = "tokens/s"
  /// Preference pairs a second.
  case pairs = "pairs/s"
}

/// What bounds work from above, and is measured beside it.
public enum WorkLimit: String, Sendable, Codable {
  /// Fused multiply-adds of float32 in registers.
  case multiplyAdd = "f32"
  /// Products of bf16 pairs where the CPU has them, else as ``multiplyAdd``.
  case dot = "bf16"
  /// A streaming read of memory.
  case read
}

/// One piece of work that is measured, as a program in another language can repeat it.
public struct Work: Sendable, Codable {
  /// Unique among all: `gemm f32 512x576x576, 2 threads`.
  public var name: String
  /// What it belongs to: `gemm-f32`, `kernels`, `training`, `prompt`, `decoding`.
  public var section: String
  /// What is done: `gemm`, `exp`, `attention` …
  public var operation: String
  /// Sizes in the operation's order; for a product m, n, k.
  public var sizes: [Int]
  /// `f32` or `bf16`.
  public var precision: String
  /// Threads that share it.
  public var threads: Int
  /// What ``Sample/rate`` counts.
  public var unit: WorkUnit
  /// What bounds it.
  public var limit: WorkLimit
}

/// One measurement.
public struct Sample: Sendable, Codable {
  /// Work a second, in the work's unit.
  public var rate: Double
  /// What the machine does at most, measured just before, in thousands of millions of operations or bytes a second.
  public var peak: Double
  /// The share of ``peak`` that the work's necessary operations, or its bytes, come to.
  public var share: Double
}

/// A result that is not what a simple computation in Double says, or a measurement that cannot be made.
public struct MeasureError: Error, CustomStringConvertible {
  /// One line.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Work made ready: inputs filled, weights packed.
public struct PreparedWork {
  /// Does the work once and compares its result with a simple computation.
  let check: () async throws -> Void
  /// Does the work for at least so many seconds; returns work a second in the unit.
  let rate: (_ seconds: Double) async throws -> Double
  /// Thousands of millions of the limit's operations or bytes in one unit of work.
  let limitPerUnit: Double
}

/// Work with the way to make it ready.
public struct Measure {
  /// What is measured.
  public let work: Work
  let prepare: () async throws -> PreparedWork
}

/// A measure whose inputs are there and whose result was found right.
public struct ReadyMeasure {
  private let work: Work
  private let prepared: PreparedWork
  private let peak: MachinePeak

  /// Prepares and checks.
  /// - Throws: ``MeasureError`` where the result is wrong.
  public init(_ measure: Measure, peak: MachinePeak) async throws {
    work = measure.work
    self.peak = peak
    ComputePool.shared.threadCount = work.threads
    prepared = try await measure.prepare()
    try await prepared.check()
  }

  /// Measures the machine's peak, then the work, for about this long.
  public func sample(seconds: Double) async throws -> Sample {
    ComputePool.shared.threadCount = work.threads
    let peak = peak.measure(work.limit, threads: work.threads)
    let rate = try await prepared.rate(seconds)
    return Sample(rate: rate, peak: peak, share: rate * prepared.limitPerUnit / peak)
  }
}

extension PreparedWork {
  /// Work on memory: `run` does `amount` units (thousands of millions), all of them bounded by the limit.
  static func kernel(
    amount: Double, team: Team = Team(threads: 1), check: @escaping () throws -> Void, run: @escaping () -> Void
  ) -> PreparedWork {
    PreparedWork(
      check: check,
      rate: { seconds in
        team.during {
          run()
          let clock = ContinuousClock()
          let single = max(1e-6, clock.measure(run) / .seconds(1))
          // Five equally long parts, and their median, so that a pause of the machine spoils one of them.
          let repeats = max(1, Int(seconds / 5 / single))
          let parts = (0..<5).map { _ in
            clock.measure { for _ in 0..<repeats { run() } } / .seconds(1) / Double(repeats)
          }
          return amount / parts.sorted()[2]
        }
      },
      limitPerUnit: 1)
  }
}
