import Foundation
import Synchronization
import TestSupport
import Testing

@testable import CSTCore

@Suite("Compute pool")
struct ComputePoolTests {
  /// Counts how often each index was visited.
  final class Visits: Sendable {
    private let counts: Mutex<[Int]>
    init(_ count: Int) { counts = Mutex([Int](repeating: 0, count: count)) }
    func visit(_ index: Int) { counts.withLock { $0[index] += 1 } }
    var all: [Int] { counts.withLock { $0 } }
  }

  @Test("Every item once", arguments: [1, 2, 3, 7], [0, 1, 2, 3, 100])
  func items(threads: Int, count: Int) {
    let pool = ComputePool(threadCount: threads)
    let visits = Visits(count)
    pool.forEachItem(count: count) { visits.visit($0) }
    #expect(visits.all == [Int](repeating: 1, count: count))
  }

  @Test("Ranges cover everything once, a few a thread, none shorter than the grain", arguments: [1, 2, 3, 7])
  func ranges(threads: Int) {
    let pool = ComputePool(threadCount: threads)
    for (count, grain) in [(0, 1), (1, 1), (10, 1), (10, 4), (10, 11), (1000, 1), (7, 0)] {
      let visits = Visits(count)
      let ranges = Mutex<[Range<Int>]>([])
      pool.forEachRange(count: count, grain: grain) { range in
        for index in range { visits.visit(index) }
        ranges.withLock { $0.append(range) }
      }
      #expect(visits.all == [Int](repeating: 1, count: count))
      let found = ranges.withLock { $0 }
      #expect(found.count <= 4 * threads)
      #expect(found.count <= 1 || found.allSatisfy { $0.count >= grain })
    }
  }

  @Test("Really in parallel: as many bodies as threads wait for each other")
  func parallel() {
    let pool = ComputePool(threadCount: 3)
    let arrived = Atomic<Int>(0)
    pool.forEachItem(count: 3) { _ in
      arrived.add(1, ordering: .sequentiallyConsistent)
      let deadline = Date(timeIntervalSinceNow: 30)
      while arrived.load(ordering: .sequentiallyConsistent) < 3, Date.now < deadline { usleep(100) }
    }
    #expect(arrived.load(ordering: .sequentiallyConsistent) == 3)
  }

  @Test("Nested work runs where it is")
  func nested() {
    let pool = ComputePool(threadCount: 3)
    let visits = Visits(6 * 5 * 4)
    pool.forEachItem(count: 6) { i in
      pool.forEachItem(count: 5) { j in
        pool.forEachRange(count: 4) { range in
          for k in range { visits.visit((i * 5 + j) * 4 + k) }
        }
      }
    }
    #expect(visits.all.allSatisfy { $0 == 1 })
  }

  @Test("Work from several threads at once")
  func concurrent() async {
    let pool = ComputePool(threadCount: 2)
    let visits = Visits(4 * 200 * 8)
    await withTaskGroup { group in
      for caller in 0..<4 {
        group.addTask {
          for job in 0..<200 {
            pool.forEachItem(count: 8) { visits.visit((caller * 200 + job) * 8 + $0) }
          }
        }
      }
    }
    #expect(visits.all.allSatisfy { $0 == 1 })
  }

  @Test("Twenty thousand tiny jobs, with the number of threads changing between them")
  func tinyJobs() {
    let pool = ComputePool(threadCount: 2)
    let total = Atomic<Int>(0)
    for job in 0..<20_000 {
      if job % 1000 == 0 { pool.threadCount = 1 + job / 1000 % 4 }
      pool.forEachItem(count: 3) { total.add($0, ordering: .relaxed) }
    }
    #expect(total.load(ordering: .relaxed) == 60_000)
  }

  @Test("Workers that went to sleep wake up")
  func sleeping() {
    let pool = ComputePool(threadCount: 3)
    for _ in 0..<20 {
      let visits = Visits(64)
      pool.forEachItem(count: 64) { visits.visit($0) }
      #expect(visits.all.allSatisfy { $0 == 1 })
      usleep(5000)
    }
  }

  @Test("Counts below one are one")
  func atLeastOne() {
    let pool = ComputePool(threadCount: 0)
    #expect(pool.threadCount == 1)
    pool.threadCount = -3
    #expect(pool.threadCount == 1)
  }

  @Test("The body is released when the work is done")
  func release() {
    final class Token: Sendable {}
    let pool = ComputePool(threadCount: 3)
    for _ in 0..<200 {
      weak var watch: Token?
      do {
        let token = Token()
        watch = token
        pool.forEachItem(count: 16) { _ in withExtendedLifetime(token) {} }
      }
      #expect(watch == nil)
    }
  }
}
