import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// What a row carries besides its fields comes back.
@Suite struct ColumnsTests {
  private let file = URL(filePath: "/data/pairs.jsonl")

  private func rows(_ text: String) throws -> [PreferencePair] {
    try [PreferencePair](json: Data(text.utf8), from: file)
  }

  private func row(_ columns: String) -> String {
    #"{"chosen":"w","prompt":"x","rejected":"l",\#(columns)}"#
  }

  private func written(_ rows: [PreferencePair]) throws -> String {
    let folder = try TemporaryFolder()
    try rows.write(to: folder["rows.jsonl"])
    return try String(contentsOf: folder["rows.jsonl"], encoding: .utf8)
  }

  /// As texts with sorted keys, which is how rows are written.
  @Test(arguments: [
    #""z":null"#, #""z":true"#, #""z":false"#, #""z":0"#, #""z":-7"#, #""z":0.1"#, #""z":0.30000000000000004"#,
    #""z":9007199254740993"#, #""z":9007199254740993.5"#, #""z":9223372036854775808"#, #""z":18446744073709551616"#,
    #""z":12345678901234567890123456789012345678"#, #""z":-0.00000000000000000000000000000000000123"#, #""z":1e+200"#,
    #""z":5e-324"#, #""z":1.7976931348623157e+308"#, #""z":-0"#, #""z":"é \"quoted\" \\ / 🧂""#, #""z":[]"#, #""z":{}"#,
    #""z":[null,[1,{"a":"b"}],"c"]"#, #""z":{"a":{"b":[{}]},"é":1}"#, #""z 1":"","Ω":"ω""#,
  ])
  func comeBack(columns: String) throws {
    let text = row(columns) + "\n"
    let pairs = try rows(text)
    #expect(pairs[0].columns.isEmpty == false)
    #expect(try written(pairs) == text)
    #expect(try rows(written(pairs)) == pairs)
  }

  @Test func notationsOfANumberAreOneValue() throws {
    let zeros = String(repeating: "0", count: 150)
    let notations = ["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.\(zeros)", "1\(zeros)e-150"]
    let values = try notations.map { try rows(row(#""z":\#($0)"#))[0].columns["z"] }
    for (value, notation) in zip(values, notations) { #expect(value == .integer(1), "\(notation)") }
    #expect(values[0]?.integer == 1)
    #expect(JSONValue.string("1").integer == nil && JSONValue.number(1.5).integer == nil)
  }

  /// A number of a column either keeps its value or is refused: 2000 random ones, in the notation they came in.
  @Test func noNumberIsRounded() throws {
    var generator = SplitMix64(seed: 5)
    var kept = 0
    for _ in 0..<2000 {
      let digits = (0..<Int.random(in: 1...44, using: &generator)).map { _ in
        String(Int.random(in: 0...9, using: &generator))
      }
      let fraction = Bool.random(using: &generator) ? "." + digits.joined() : ""
      let whole = String(Int.random(in: 1...99, using: &generator))
      let power = ["", "e\(Int.random(in: -340...320, using: &generator))", "e-120", "e90"].randomElement(
        using: &generator)
      let number = whole + fraction + (power ?? "")
      do {
        let pair = try rows(row(#""z":\#(number)"#))
        let text = String(decoding: try JSONEncoder().encode(pair[0]), as: UTF8.self)
        let again = try rows(text)
        #expect(again == pair, "\(number)")
        // Python's or anybody's exact decimal: the same digits at the same place, whatever the notation.
        #expect(try exact(#require(text.firstMatch(of: /"z":([-+.eE0-9]*)/)).1.description) == exact(number))
        kept += 1
      } catch let error as DatasetError {
        #expect(error.reason == .inexactNumber, "\(error)")
      }
    }
    #expect(kept > 500)
  }

  /// Digits without zeros at the ends, and the power of ten of the last.
  private func exact(_ number: String) throws -> String {
    let parts = number.lowercased().split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    var digits = mantissa.joined().drop { $0 == "0" }
    var power = (parts.count > 1 ? try #require(Int(parts[1])) : 0) - (mantissa.count > 1 ? mantissa[1].count : 0)
    while digits.last == "0" {
      digits.removeLast()
      power += 1
    }
    return digits.isEmpty ? "0" : "\(digits) \(power)"
  }

  @Test(arguments: [
    "1234567890123456789012345678901234567890123", "340282366920938463463374607431768211456",
    "3.141592653589793238462643383279502884197169", "1.2345678901234567890e200", "1e400", "-1e-400",
  ])
  func refusesNumbersThatWouldBeRounded(number: String) {
    let error = #expect(throws: DatasetError.self) { try rows("\n" + row(#""z":[{"a":\#(number)}]"#)) }
    #expect(error?.reason == .inexactNumber)
    #expect(error?.description.hasPrefix("/data/pairs.jsonl:2: ") == true)
    #expect(error?.detail.contains(number) == true)
  }

  @Test func aColumnMayNotHaveTheNameOfAField() throws {
    for name in PreferencePair.fieldNames {
      let pair = PreferencePair(
        prompt: [.user("x")], answers: .ranked(chosen: "w", rejected: "l", scope: .unstated), columns: [name: .null])
      let folder = try TemporaryFolder()
      let error = #expect(throws: DatasetError.self) { try [pair].write(to: folder["rows.jsonl"]) }
      #expect(error?.reason == .unusableRow)
      #expect(error?.detail.contains("\"\(name)\"") == true)
      #expect(try folder.names().isEmpty)
    }
  }

  @Test func placesOfRowsAreLines() throws {
    let folder = try TemporaryFolder()
    let text = "\u{FEFF}\(row(#""a":1"#))\r\n\r\n\(row(#""a":2"#))\n"
    try Data(text.utf8).write(to: folder["rows.jsonl"])
    let file = try PreferenceDataset(contentsOf: folder["rows.jsonl"])
    #expect(file.indices.map(file.line(of:)) == [1, 3])
    #expect(try Array(file) == rows(text))
    let error = #expect(throws: DatasetError.self) {
      try file.withPlaces { _ throws(PreferenceError) in
        throw PreferenceError(reason: .needsPolicy, rowPlace: file[1].place, row: 1, detail: "d")
      }
    }
    #expect(error?.description == "\(folder["rows.jsonl"].path):3: unusable row: needs a policy: d")
  }
}
