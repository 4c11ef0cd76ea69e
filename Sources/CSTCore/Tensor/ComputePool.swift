import Dispatch
import Foundation
import Synchronization

/// The process's compute threads: a persistent fork-join pool that splits rows, never sums.
///
/// Every kernel's result for an output element is independent of how rows are split, so the number of threads, like
/// the order in which they run, changes time and nothing else. One piece of work runs at a time; work that arrives
/// while the pool is busy (from another thread, or nested) runs on the thread that brought it.
///
/// Workers spin for a short while after each piece of work, because a training step is thousands of small pieces with
/// almost nothing between them, and sleep after that.
///
/// Nobody waits for a thread that has nothing to do: a piece of work is over when its items are, so a worker that the
/// system has put aside on a busy machine costs only what it has taken on.
///
/// `@unchecked Sendable`: `body` and `workerCount` are written only by the thread that has set `isBusy`; workers read
/// `body` only between taking an item (which acquires `ticket`) and reporting it done, and the work cannot end before.
public final class ComputePool: @unchecked Sendable {
  /// The pool that all operations use, sized from the CPUs this process may run on.
  public static let shared = ComputePool(threadCount: availableProcessors())

  private let isBusy = Atomic<Bool>(false)
  private let requestedThreads: Atomic<Int>
  /// Items that nobody has taken yet in the low half; the number of the piece of work in the high half, so that a late
  /// worker cannot take an item of one piece for one of another.
  private let ticket = Atomic<UInt64>(0)
  private let unfinishedItems = Atomic<Int>(0)
  private let participants = Atomic<Int>(1)
  private let sleepers = Atomic<Int>(0)
  private let wake = NSCondition()
  private var workerCount = 0
  private var body: ((Int) -> Void)?

  /// Pauses before a worker sleeps or the caller yields: half a millisecond where a pause takes 25 ns, as measured on
  /// an AMD EPYC.
  private static let spinLimit = 20_000

  /// More than one, so that the others can take over from a thread that the system has put aside.
  private static let rangesPerThread = 2

  /// A pool of its own threads. They live as long as the process, so this is for ``shared`` and for tests.
  init(threadCount: Int) { requestedThreads = Atomic(max(1, threadCount)) }

  /// Threads that share the work, the calling one included. Takes effect with the next piece of work; results do not
  /// depend on it. Values below 1 count as 1.
  public var threadCount: Int {
    get { requestedThreads.load(ordering: .relaxed) }
    set { requestedThreads.store(max(1, newValue), ordering: .relaxed) }
  }

  /// Calls `body` with ranges that together cover `0..<count`, a few for each thread and none shorter than `grain`
  /// unless it is the only one; returns when all are done.
  func forEachRange(count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let threads = threadCount
    let parts = threads == 1 ? 1 : max(1, min(Self.rangesPerThread * threads, count / max(1, grain)))
    if parts == 1 { return body(0..<count) }
    forEachItem(count: parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
  }

  /// Calls `body` with every index of `0..<count`, handing the next index to the next free thread; returns when all
  /// are done.
  package func forEachItem(count: Int, _ body: (Int) -> Void) {
    let threads = min(threadCount, count)
    guard threads > 1, !isBusy.exchange(true, ordering: .acquiring) else {
      for item in 0..<count { body(item) }
      return
    }
    withoutActuallyEscaping(body) { run($0, count: count, threads: threads) }
    isBusy.store(false, ordering: .releasing)
  }

  /// Runs a piece of work; the caller has set `isBusy`.
  private func run(_ newBody: @escaping (Int) -> Void, count: Int, threads: Int) {
    startWorkers(threads - 1)
    body = newBody
    unfinishedItems.store(count, ordering: .relaxed)
    participants.store(threads, ordering: .relaxed)
    let number = (ticket.load(ordering: .relaxed) >> 32 &+ 1) << 32
    ticket.store(number | UInt64(count), ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      wake.lock()
      wake.broadcast()
      wake.unlock()
    }
    while let item = takeItem() { runItem(item) }
    var spins = 0
    while unfinishedItems.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > Self.spinLimit { sched_yield() } else { Kernels.spinHint() }
    }
    body = nil
  }

  /// An item that nobody has taken, if there is one.
  private func takeItem() -> Int? {
    var seen = ticket.load(ordering: .relaxed)
    while seen & 0xffff_ffff > 0 {
      let (exchanged, current) = ticket.weakCompareExchange(
        expected: seen, desired: seen - 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if exchanged { return Int(seen & 0xffff_ffff) - 1 }
      seen = current
    }
    return nil
  }

  private func runItem(_ item: Int) {
    callBody(item)
    unfinishedItems.subtract(1, ordering: .releasing)
  }

  /// Never inlined: when it returns, this thread holds no reference to the closure any more.
  @inline(never)
  private func callBody(_ item: Int) { body?(item) }

  private func startWorkers(_ count: Int) {
    while workerCount < count {
      let index = workerCount
      let thread = Thread { [self] in
        while true {
          waitForWork(index: index)
          while let item = takeItem() { runItem(item) }
        }
      }
      thread.name = "cst compute \(index + 1)"
      thread.stackSize = 8 << 20
      thread.start()
      workerCount += 1
    }
  }

  /// Whether there are items that the worker with this index may take.
  private func hasWork(index: Int) -> Bool {
    ticket.load(ordering: .sequentiallyConsistent) & 0xffff_ffff > 0
      && index < participants.load(ordering: .relaxed) - 1
  }

  private func waitForWork(index: Int) {
    for _ in 0..<Self.spinLimit {
      if hasWork(index: index) { return }
      Kernels.spinHint()
    }
    wake.lock()
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while !hasWork(index: index) { wake.wait() }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    wake.unlock()
  }

  /// The CPUs this process may run on: the affinity mask on Linux, the active processors elsewhere.
  private static func availableProcessors() -> Int {
    if let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let mask = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })?.split(separator: ":")
        .last
    {
      let allowed = mask.compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
      if allowed > 0 { return allowed }
    }
    return ProcessInfo.processInfo.activeProcessorCount
  }
}

/// Runs long computation on a thread of its own kind: never on Swift's cooperative pool, whose few threads must stay
/// free for everything else.
package func onComputeThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  let recorder = WorkRecorder.current
  return try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global(qos: .userInitiated).async {
      continuation.resume(with: Swift.Result { try WorkRecorder.$current.withValue(recorder, operation: body) })
    }
  }
}
