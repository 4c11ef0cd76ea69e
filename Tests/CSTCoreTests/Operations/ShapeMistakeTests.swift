import TestSupport
import Testing

@testable import CSTCore

/// Shape mistakes end the process with a message that names what did not fit. Each test runs its mistake in a process of
/// its own.
@Suite("Shape mistakes trap")
struct ShapeMistakeTests {
  static func expectMessage(
    _ result: ExitTest.Result?, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    for part in parts {
      #expect(message.contains(part), "\(part) is not in the message", sourceLocation: sourceLocation)
    }
  }

  @Test("Elementwise operations name both shapes")
  func elementwise() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]) + Tensor.zeros([2])
    }
    Self.expectMessage(result, "[2, 3] + [2]")
  }

  @Test("A row does not come first")
  func rowFirst() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([3]) * Tensor.zeros([2, 3])
    }
    Self.expectMessage(result, "[3] * [2, 3]")
  }

  @Test("Matrix products name both shapes")
  func matmul() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).matmul(.zeros([4, 5]))
    }
    Self.expectMessage(result, "[2, 3]", "[4, 5]")
  }

  @Test("Reshaping names both shapes")
  func reshaped() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).reshaped([5])
    }
    Self.expectMessage(result, "[2, 3]", "[5]")
  }

  @Test("Rows outside a matrix")
  func rows() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).rows(at: [2])
    }
    Self.expectMessage(result, "[2, 3]")
  }

  @Test("Norm weights name both shapes")
  func rmsNorm() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).rmsNorm(weight: .zeros([4]), epsilon: 0)
    }
    Self.expectMessage(result, "[2, 3]", "[4]")
  }

  @Test("Gates name both shapes")
  func gate() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).siluMultiplied(by: .zeros([3]))
    }
    Self.expectMessage(result, "[2, 3]", "[3]")
  }

  @Test("Attention names all shapes")
  func attention() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var sequences = PackedSequences()
      sequences.append(prefixLength: 2)
      _ = Tensor.zeros([2, 8]).attention(
        keys: .zeros([2, 4]), values: .zeros([3, 4]),
        heads: AttentionHeads(queryHeads: 2, keyValueHeads: 1, headWidth: 4), over: sequences)
    }
    Self.expectMessage(result, "[2, 8]", "[2, 4]", "[3, 4]")
  }

  @Test("Rotation outside the table, on either side")
  func rotary() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let table = RotaryTable(headWidth: 2, base: 10_000, positionCount: 4)
      _ = Tensor.zeros([1, 2]).rotated(by: table, positions: [-1])
    }
    Self.expectMessage(result, "position -1", "4 positions")
  }

  @Test("Linear layers name both shapes")
  func linear() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).linear(.random(5, 4))
    }
    Self.expectMessage(result, "[5, 4]", "[2, 3]")
  }

  @Test("The input of a low-rank product has the layer's shape")
  func adapterInput() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 4]).linear(
        .random(5, 4), adding: LoRAFactors(a: .zeros([1, 4]), b: .zeros([5, 1])), scale: 1,
        adapterInput: .zeros([1, 4]))
    }
    Self.expectMessage(result, "[1, 4]", "[2, 4]")
  }

  @Test("Targets outside the vocabulary")
  func targets() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([1, 4]).tokenLogProbabilities(of: [5], head: .random(5, 4))
    }
    Self.expectMessage(result, "5 tokens")
  }

  @Test("A gradient of something that is not a scalar")
  func notScalar() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = valueWithGradient(at: Tensor.zeros([2])) { $0 }
    }
    Self.expectMessage(result, "[2]")
  }

  @Test("A cotangent of another shape names both")
  func cotangent() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = valueWithPullback(at: Tensor.zeros([2])) { $0 }.pullback(.zeros([3]))
    }
    Self.expectMessage(result, "[2]", "[3]")
  }

  @Test("A pullback can be called once")
  func twice() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let (_, pullback) = valueWithPullback(at: Tensor(1)) { $0 * $0 }
      _ = pullback(Tensor(1))
      _ = pullback(Tensor(1))
    }
    Self.expectMessage(result, "once")
  }

  @Test("An inner gradient that would consume the outer one")
  func nested() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = valueWithGradient(at: Tensor(3)) { x in
        valueWithGradient(at: Tensor(2)) { $0 * (x * 2) }.gradient
      }
    }
    Self.expectMessage(result, "detach")
  }

  @Test("Values that do not fill the shape")
  func values() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1, 2, 3], shape: [2, 2])
    }
    Self.expectMessage(result, "3 values", "[2, 2]")
  }
}
