import CKernels
import Dispatch
import Foundation
import Synchronization

/// Threads that share the measured work, as the pool of CSTCore does, whose work cannot be handed in from outside.
///
/// They spin while something is measured (`during`) and sleep in between, for then a peer is measured.
///
/// `@unchecked Sendable`: `body` is written while no item is left to take, and read after an item was taken.
final class Team: @unchecked Sendable {
  let threads: Int
  private let isActive = Atomic<Bool>(false)
  private let next = Atomic<Int>(0)
  private let unfinished = Atomic<Int>(0)
  private let spinning = Atomic<Int>(0)
  private let wake = DispatchSemaphore(value: 0)
  private var body: (@Sendable (Int) -> Void)?

  init(threads: Int) {
    self.threads = threads
    for _ in 1..<max(2, threads) where threads > 1 {
      let thread = Thread { [weak self] in
        while let self { self.work() }
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  /// Keeps the threads awake while `measured` runs.
  func during<Result>(_ measured: () -> Result) -> Result {
    isActive.store(true, ordering: .sequentiallyConsistent)
    for _ in 1..<max(2, threads) where threads > 1 { wake.signal() }
    while spinning.load(ordering: .sequentiallyConsistent) < threads - 1 { sched_yield() }
    defer {
      isActive.store(false, ordering: .sequentiallyConsistent)
      while spinning.load(ordering: .sequentiallyConsistent) > 0 { sched_yield() }
    }
    return measured()
  }

  /// Calls `body` with 0..<count, handing the next index to the next free thread; returns when all are done.
  func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    guard threads > 1, count > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { body in
      self.body = body
      unfinished.store(count, ordering: .sequentiallyConsistent)
      next.store(count, ordering: .sequentiallyConsistent)
      while takeItem() {}
      while unfinished.load(ordering: .acquiring) > 0 { ck_spin_hint() }
      self.body = nil
    }
  }

  /// Does the last item that nobody has taken, if there is one.
  private func takeItem() -> Bool {
    var seen = next.load(ordering: .acquiring)
    while seen > 0 {
      let (exchanged, current) = next.weakCompareExchange(
        expected: seen, desired: seen - 1, successOrdering: .acquiringAndReleasing, failureOrdering: .relaxed)
      if exchanged {
        callBody(seen - 1)
        unfinished.subtract(1, ordering: .releasing)
        return true
      }
      seen = current
    }
    return false
  }

  /// Never inlined: when it returns, this thread holds no reference to the closure any more.
  @inline(never)
  private func callBody(_ index: Int) { body?(index) }

  private func work() {
    wake.wait()
    spinning.add(1, ordering: .sequentiallyConsistent)
    while isActive.load(ordering: .relaxed) {
      if !takeItem() { ck_spin_hint() }
    }
    spinning.subtract(1, ordering: .sequentiallyConsistent)
  }
}
