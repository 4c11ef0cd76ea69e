import CKernels
import CPeaks
import CSTCore

/// What this machine does at most, measured when asked, on as many threads as the work it is compared with.
public final class MachinePeak {
  /// 256 MB: far more than any cache.
  private static let readCount = 64 << 20
  /// About ten milliseconds a loop.
  private static let passes = 2_500_000

  private let loops: [CPLoop]
  private let hasDot: Bool
  private lazy var memory = Floats(count: Self.readCount)
  private var teams: [Int: Team] = [:]

  /// Uses the widest instructions this CPU runs, whichever kernels are chosen.
  public init() {
    let runnable = { (variant: CKVariant) in ck_runnable_variants() & (1 << variant.rawValue) != 0 }
    loops = [.baseline] + (runnable(.AVX2) ? [.AVX2] : []) + (runnable(.AVX512) ? [.AVX512] : [])
    hasDot = runnable(.AVX512BF16)
  }

  /// Thousands of millions of operations or bytes a second: the best of three tries with the best loop.
  public func measure(_ limit: WorkLimit, threads: Int) -> Double {
    let team = team(of: threads)
    return team.during {
      switch limit {
      case .dot where hasDot:
        best(amount: { cp_dot_bf16(Self.passes, $0) }, team)
      case .multiplyAdd, .dot:
        loops.map { loop in best(amount: { cp_fma_f32(loop, Self.passes, $0) }, team) }.max() ?? 0
      case .read:
        loops.suffix(1).map { loop in
          let start = UnsafePointer(memory.start)
          let part = Self.readCount / threads
          let parts = SendablePointer(start)
          return (0..<3).map { _ in
            let seconds = timed(team) { index in
              var sink: Float = 0
              cp_read(loop, parts.pointer + index * part, part, &sink)
              blackHole(sink)
            }
            return Double(4 * part * threads) / seconds / 1e9
          }.max() ?? 0
        }.max() ?? 0
      }
    }
  }

  private func team(of threads: Int) -> Team {
    if let team = teams[threads] { return team }
    let team = Team(threads: threads)
    teams[threads] = team
    return team
  }

  private func best(amount: @Sendable @escaping (UnsafeMutablePointer<Float>) -> Double, _ team: Team) -> Double {
    (0..<3).map { _ in
      var sink: Float = 0
      let operations = amount(&sink)
      let seconds = timed(team) { _ in
        var sink: Float = 0
        _ = amount(&sink)
        blackHole(sink)
      }
      return operations * Double(team.threads) / seconds / 1e9
    }.max() ?? 0
  }

  private func timed(_ team: Team, _ body: @Sendable (Int) -> Void) -> Double {
    ContinuousClock().measure { team.forEach(team.threads, body) } / .seconds(1)
  }
}

/// Keeps a value from being optimised away.
@inline(never)
func blackHole(_ value: Float) { if value.isNaN { blackHole(value.nextUp.ulp) } }

/// A pointer that several threads read.
///
/// `@unchecked Sendable`: what it points at is not written while they do.
struct SendablePointer<Element>: @unchecked Sendable {
  let pointer: UnsafePointer<Element>

  init(_ pointer: UnsafePointer<Element>) { self.pointer = pointer }
}
