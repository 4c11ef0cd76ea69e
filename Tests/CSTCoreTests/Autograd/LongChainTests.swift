import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Releasing linked nodes recursively overflows a thread's stack after some ten thousand links.
@Suite("Long chains of operations")
struct LongChainTests {
  static let length = 100_000

  /// On a thread with the stack of Swift's own pool or less.
  static func onSmallStack<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      let thread = Thread { continuation.resume(returning: body()) }
      thread.stackSize = 512 << 10
      thread.start()
    }
  }

  @Test("Backward through 100 000 additions")
  func backward() async {
    let gradient = await Self.onSmallStack {
      valueWithGradient(at: Tensor(1), Tensor(2)) { x, y in
        var sum = x
        for _ in 0..<Self.length { sum = sum + y }
        return sum
      }.gradient
    }
    #expect(gradient.0.item == 1)
    #expect(gradient.1.item == Float(Self.length))
  }

  @Test("Dropping 100 000 additions without going backward")
  func dropped() async {
    let value = await Self.onSmallStack {
      valueWithPullback(at: Tensor(1), Tensor(2)) { x, y in
        var sum = x
        for _ in 0..<Self.length { sum = sum + y }
        return sum
      }.value.item
    }
    #expect(value == Float(2 * Self.length + 1))
  }

  @Test("Dropping a ladder whose rungs are used twice")
  func ladder() async {
    let value = await Self.onSmallStack {
      valueWithPullback(at: Tensor(1)) { x in
        var rung = x
        for _ in 0..<Self.length { rung = rung * 0.5 + rung * 0.5 }
        return rung
      }.value.item
    }
    #expect(value == 1)
  }

  @Test("Dropping products, whose factors are kept")
  func products() async {
    let value = await Self.onSmallStack {
      valueWithPullback(at: Tensor(1), Tensor(1)) { x, y in
        var product = x
        for _ in 0..<Self.length { product = y * product }
        return product
      }.value.item
    }
    #expect(value == 1)
  }
}
