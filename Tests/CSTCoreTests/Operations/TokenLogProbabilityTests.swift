import TestSupport
import Testing

@testable import CSTCore

@Suite("Log-probabilities of tokens")
struct TokenLogProbabilityTests {
  /// rows, width, vocabulary: less, exactly and more than the 128 rows of a chunk.
  static let sizes = [(1, 1, 1), (3, 8, 20), (128, 4, 9), (131, 4, 9), (0, 4, 9)]

  static func operands(_ size: (m: Int, width: Int, tokens: Int)) -> (x: Tensor, targets: [Int32], head: WeightMatrix) {
    var generator = SplitMix64(seed: 7)
    let targets = (0..<size.m).map { _ in Int32.random(in: 0..<Int32(size.tokens), using: &generator) }
    return (.random([size.m, size.width]), targets, .random(size.tokens, size.width, seed: 2))
  }

  @Test("Values", arguments: sizes)
  func values(size: (m: Int, width: Int, tokens: Int)) {
    let (x, targets, head) = Self.operands(size)
    let logits =
      MatrixOracle(size.m, size.width, x.doubles)
      * MatrixOracle(size.tokens, size.width, head.dequantized().doubles).transposed
    let expected = targets.enumerated().map { SoftmaxOracle(logits.row($0)).logSoftmax[Int($1)] }
    #expect(x.tokenLogProbabilities(of: targets, head: head).mismatch([size.m], expected, terms: 96) == nil)
  }

  @Test("Gradients", arguments: sizes)
  func gradients(size: (m: Int, width: Int, tokens: Int)) {
    let (x, targets, head) = Self.operands(size)
    #expect(GradientCheck.mismatch(at: x) { $0.tokenLogProbabilities(of: targets, head: head) } == nil)
    // Used twice, so that the second gradient is added.
    #expect(
      GradientCheck.mismatch(at: x) { $0.tokenLogProbabilities(of: targets, head: head) + $0.sumOfRows() } == nil)
  }

  @Test("The same bits whether a gradient is wanted or not")
  func samePath() {
    let (x, targets, head) = Self.operands((131, 16, 70))
    let plain = x.tokenLogProbabilities(of: targets, head: head)
    let (recorded, _) = valueWithPullback(at: x) { $0.tokenLogProbabilities(of: targets, head: head) }
    #expect(Mismatch.firstInBits(plain.scalars, recorded.scalars) == nil)
  }

  /// Two tokens with equal logits: log 1/2, and the derivative is half the difference of the head's rows.
  @Test("Closed form")
  func closedForm() {
    let head = WeightMatrix([1, 0, 0, 1], rows: 2, columns: 2)
    let (value, pullback) = valueWithPullback(at: Tensor([3, 3], shape: [1, 2])) {
      $0.tokenLogProbabilities(of: [1], head: head)
    }
    #expect(value.mismatch([1], [-0.693_147_180_559_945_3]) == nil)
    #expect(pullback(Tensor([2], shape: [1])).mismatch([1, 2], [-1, 1]) == nil)
  }

  @Test("NaN stays in its row")
  func notANumber() {
    let head = WeightMatrix([1, 0, 0, 1], rows: 2, columns: 2)
    let x = Tensor([.nan, 0, 1, 1], shape: [2, 2]).tokenLogProbabilities(of: [0, 0], head: head).scalars
    #expect(x[0].isNaN)
    #expect(x[1].isFinite)
  }
}
