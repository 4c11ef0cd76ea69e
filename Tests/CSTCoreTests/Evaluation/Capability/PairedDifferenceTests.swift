import Foundation
import Testing

@testable import CSTCore

@Suite struct PairedDifferenceTests {
  /// Ten questions: three that only the tuned model has right, one that only the base has. By hand: m = 12, centre 2/12,
  /// spread 1.959964·√(5 − 4/12)/12.
  @Test func ofSharesAsComputedByHand() throws {
    let base = [true, false, false, false, true, true, true, false, false, false]
    let tuned = [false, true, true, true, true, true, true, false, false, false]
    let difference = PairedDifference(right: base, tuned: tuned)
    #expect(difference.estimate == 0.2)
    // Half a unit of the sixth decimal.
    #expect(abs(try #require(difference.low) + 0.186167) < 5e-7)
    #expect(abs(try #require(difference.high) - 0.519501) < 5e-7)
    let opposite = PairedDifference(right: tuned, tuned: base)
    #expect(opposite.estimate == -0.2 && opposite.high == difference.low.map { -$0 })
  }

  @Test func modelsThatAgreeStillHaveAnInterval() throws {
    let difference = PairedDifference(
      right: [Bool](repeating: true, count: 10), tuned: [Bool](repeating: true, count: 10))
    #expect(difference.estimate == 0)
    // 1.959964 / 12
    #expect(abs(try #require(difference.high) - 0.163330) < 5e-7)
    #expect(difference.low == difference.high.map { -$0 })
  }

  @Test func intervalsHoldTheEstimateAndStayWithinOne() throws {
    for count in 1...40 {
      for gained in 0...count {
        for lost in 0...(count - gained) {
          let difference = PairedDifference(
            right: (0..<count).map { $0 < lost }, tuned: (0..<count).map { $0 >= count - gained })
          let (low, high) = (try #require(difference.low), try #require(difference.high))
          #expect(-1 <= low && low <= difference.estimate && difference.estimate <= high && high <= 1)
        }
      }
    }
  }

  /// Sums −1, −3 and −1 over 10, 10 and 5 tokens: d = −0.2, residuals 1, −1 and 0, √(3/2·2)/25 = 0.0692820, t₂ = 4.302653.
  @Test func ofMeansAsComputedByHand() throws {
    let stretches = [
      CapabilityReport.Stretch(tokens: 10, base: -20, tuned: -21),
      CapabilityReport.Stretch(tokens: 10, base: -30, tuned: -33),
      CapabilityReport.Stretch(tokens: 5, base: -10, tuned: -11),
    ]
    let difference = PairedDifference(of: stretches)
    #expect(abs(difference.estimate + 0.2) < 1e-15)
    #expect(abs(try #require(difference.low) + 0.498097) < 1e-6)
    #expect(abs(try #require(difference.high) - 0.098097) < 1e-6)
    #expect(PairedDifference(of: [stretches[0]]).low == nil)
    #expect(PairedDifference(of: [stretches[0]]).estimate == -0.1)
  }

  @Test func aFallingFunctionSwapsTheEnds() throws {
    let difference = PairedDifference(right: [true, false, false], tuned: [true, true, false])
    let mirrored = difference.mapped { -$0 }
    #expect(mirrored.low == difference.high.map { -$0 } && mirrored.high == difference.low.map { -$0 })
  }

  /// A table's values, to their last digit.
  @Test(arguments: [
    (1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (10, 2.2281), (30, 2.0423), (1000, 1.9623),
  ])
  func studentsPoints(degrees: Int, point: Double) {
    #expect(abs(StudentT.point(degreesOfFreedom: degrees) - point) < 5e-5)
  }
}
