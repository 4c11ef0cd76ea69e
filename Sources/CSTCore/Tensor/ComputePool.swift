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
/// `@unchecked Sendable`: the job's fields are written only by the thread that has set `isBusy`, before the release of
/// `generation`, and read by workers only after they have acquired it.
public final class ComputePool: @unchecked Sendable {
  /// The pool that all operations use, sized from the CPUs this process may run on.
  public static let shared = ComputePool(threadCount: availableProcessors())

  private struct Job {
    let body: (Int) -> Void
    let count: Int
    let threads: Int
  }

  private let isBusy = Atomic<Bool>(false)
  private let requestedThreads: Atomic<Int>
  private let generation = Atomic<UInt64>(0)
  private let nextItem = Atomic<Int>(0)
  private let unfinishedWorkers = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let wake = NSCondition()
  private var workerCount = 0
  private var job: Job?

  /// Pauses before a worker sleeps or the caller yields: half a millisecond where a pause takes 25 ns, as measured on
  /// an AMD EPYC.
  private static let spinLimit = 20_000

  /// A pool of its own threads. They live as long as the process, so this is for ``shared`` and for tests.
  init(threadCount: Int) {
    requestedThreads = Atomic(max(1, threadCount))
  }

  /// Threads that share the work, the calling one included. Takes effect with the next piece of work; results do not
  /// depend on it. Values below 1 count as 1.
  public var threadCount: Int {
    get { requestedThreads.load(ordering: .relaxed) }
    set { requestedThreads.store(max(1, newValue), ordering: .relaxed) }
  }

  /// Calls `body` with ranges that together cover `0..<count`, at most one range a thread and none shorter than
  /// `grain` unless it is the only one; returns when all are done.
  func forEachRange(count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    let parts = max(1, min(threadCount, count / max(1, grain)))
    if parts == 1 { return body(0..<count) }
    forEachItem(count: parts) { part in
      body(count * part / parts..<count * (part + 1) / parts)
    }
  }

  /// Calls `body` with every index of `0..<count`, handing the next index to the next free thread; returns when all
  /// are done.
  func forEachItem(count: Int, _ body: (Int) -> Void) {
    let threads = min(threadCount, count)
    guard threads > 1, !isBusy.exchange(true, ordering: .acquiring) else {
      for item in 0..<count { body(item) }
      return
    }
    withoutActuallyEscaping(body) { run(Job(body: $0, count: count, threads: threads)) }
    isBusy.store(false, ordering: .releasing)
  }

  /// Runs a job; the caller has set `isBusy`.
  private func run(_ newJob: Job) {
    startWorkers(newJob.threads - 1)
    job = newJob
    nextItem.store(0, ordering: .relaxed)
    unfinishedWorkers.store(workerCount, ordering: .relaxed)
    generation.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      wake.lock()
      wake.broadcast()
      wake.unlock()
    }
    work(on: newJob)
    var spins = 0
    while unfinishedWorkers.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > Self.spinLimit { sched_yield() } else { Kernels.spinHint() }
    }
    job = nil
  }

  private func work(on job: Job) {
    while true {
      let item = nextItem.add(1, ordering: .relaxed).oldValue
      if item >= job.count { return }
      job.body(item)
    }
  }

  /// Never inlined: when it returns, this thread holds no reference to the job's closure any more.
  @inline(never)
  private func workOnCurrentJob(index: Int) {
    if let job, index < job.threads - 1 { work(on: job) }
  }

  private func startWorkers(_ count: Int) {
    while workerCount < count {
      let index = workerCount
      let seen = generation.load(ordering: .relaxed)
      let thread = Thread { [self] in workerLoop(index: index, seen: seen) }
      thread.name = "cst compute \(index + 1)"
      thread.stackSize = 8 << 20
      thread.start()
      workerCount += 1
    }
  }

  private func workerLoop(index: Int, seen firstSeen: UInt64) {
    var seen = firstSeen
    while true {
      seen = waitForGeneration(after: seen)
      workOnCurrentJob(index: index)
      unfinishedWorkers.subtract(1, ordering: .releasing)
    }
  }

  private func waitForGeneration(after seen: UInt64) -> UInt64 {
    for _ in 0..<Self.spinLimit {
      let current = generation.load(ordering: .acquiring)
      if current != seen { return current }
      Kernels.spinHint()
    }
    wake.lock()
    defer { wake.unlock() }
    sleepers.add(1, ordering: .sequentiallyConsistent)
    defer { sleepers.subtract(1, ordering: .sequentiallyConsistent) }
    while true {
      let current = generation.load(ordering: .sequentiallyConsistent)
      if current != seen { return current }
      wake.wait()
    }
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
