import CSTCore
import Foundation
import Testing

@Suite struct ProportionTests {
  /// Published examples: Newcombe, Statistics in Medicine 17 (1998), table I, method 3, to four decimals.
  @Test(arguments: [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718),
  ])
  func agreesWithPublishedIntervals(successes: Int, total: Int, low: Double, high: Double) {
    let interval = WilsonInterval(successes: successes, of: total)
    // Half a unit of the last published digit.
    #expect(abs(interval.low - low) <= 0.00005)
    #expect(abs(interval.high - high) <= 0.00005)
    let mirrored = WilsonInterval(successes: total - successes, of: total)
    #expect(abs(mirrored.low - (1 - interval.high)) < 1e-15)
    #expect(abs(mirrored.high - (1 - interval.low)) < 1e-15)
  }

  @Test func endsAreExact() {
    #expect(WilsonInterval(successes: 0, of: 0).low == 0)
    #expect(WilsonInterval(successes: 0, of: 0).high == 1)
    for total in 1...200 {
      #expect(WilsonInterval(successes: 0, of: total).low == 0)
      #expect(WilsonInterval(successes: total, of: total).high == 1)
      for successes in 0...total {
        let interval = WilsonInterval(successes: successes, of: total)
        let estimate = Double(successes) / Double(total)
        #expect(0 <= interval.low && interval.low <= estimate && estimate <= interval.high && interval.high <= 1)
      }
    }
  }

  @Test func countsWhatHolds() {
    #expect(Proportion(of: 1...10, where: { $0.isMultiple(of: 3) }) == Proportion(3, of: 10))
    #expect(Proportion(3, of: 10).estimate == 0.3)
    #expect(Proportion(0, of: 0).estimate == nil)
  }

  @Test func writesWhatFollowsFromTheCount() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let none = try String(decoding: encoder.encode(Proportion(0, of: 0)), as: UTF8.self)
    #expect(none == #"{"count":0,"estimate":null,"high":1,"low":0,"total":0}"#)
    let some = try encoder.encode(Proportion(9, of: 10))
    #expect(try JSONDecoder().decode(Proportion.self, from: some) == Proportion(9, of: 10))
    for bad in [#"{"count": 2, "total": 1}"#, #"{"count": -1, "total": 1}"#] {
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(Proportion.self, from: Data(bad.utf8)) }
    }
  }
}
