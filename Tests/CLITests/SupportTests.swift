import CSTCore
import Foundation
import Testing

@testable import cst

@Suite struct RowSelectionTests {
  @Test(arguments: [("0-699", 0, 699), ("12", 12, 12), ("5-", 5, nil)])
  func readsFormsOfSelections(text: String, first: Int, last: Int?) throws {
    let rows = try RowSelection(parsing: text)
    #expect(rows.first == first && rows.last == last)
    #expect(rows.description == text)
  }

  @Test(arguments: ["", "-", "-3", "7-3", "a", "1-2-3", "1.5", "٣", "99999999999999999999"])
  func refusesOtherTexts(text: String) {
    #expect(throws: (any Error).self) { try RowSelection(parsing: text) }
  }

  @Test func includesBothEnds() throws {
    #expect(try RowSelection(parsing: "2-4").positions(in: 5, of: "f") == 2..<5)
    #expect(try RowSelection(parsing: "2-").positions(in: 5, of: "f") == 2..<5)
    #expect(try RowSelection(parsing: "4").positions(in: 5, of: "f") == 4..<5)
  }

  @Test func refusesRowsBeyondTheData() {
    #expect(throws: CommandError("f: --rows 2-5: the file has 5 rows, the last is row 4")) {
      try RowSelection(parsing: "2-5").positions(in: 5, of: "f")
    }
  }
}

@Suite struct SHA256Tests {
  /// The examples of FIPS 180-4 and the lengths around a block's end, whose digests Python's hashlib gives.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    (String(repeating: "a", count: 56), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
    (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
  ])
  func givesKnownDigests(text: String, digest: String) {
    var whole = SHA256()
    whole.update(Data(text.utf8))
    #expect(whole.digest() == digest)
    var pieces = SHA256()
    for byte in text.utf8 { pieces.update([byte]) }
    #expect(pieces.digest() == digest)
  }
}

@Suite struct ProgressLineTests {
  private final class Written {
    var text = ""
  }

  @Test func rewritesOneLineOnATerminal() {
    let written = Written()
    var line = ProgressLine(columns: 10) { written.text += $0 }
    let start = ContinuousClock.now
    line.show("step 1", at: start)
    line.show("step 2 is too soon", at: start + .milliseconds(50))
    line.show("step 3 is cut at the edge", isLast: true, at: start + .milliseconds(60))
    #expect(written.text == "\r\u{1B}[2Kstep 1\r\u{1B}[2Kstep 3 is\n")
  }

  @Test func writesALineNowAndThenElsewhere() {
    let written = Written()
    var line = ProgressLine(columns: nil, interval: .seconds(5)) { written.text += $0 }
    let start = ContinuousClock.now
    line.show("one", at: start)
    line.show("two", at: start + .seconds(4))
    line.show("three", at: start + .seconds(5))
    line.show("four", isLast: true, at: start + .seconds(6))
    line.end()
    #expect(written.text == "one\nthree\nfour\n")
  }

  @Test(arguments: [(0.4, "0s"), (59.6, "1m00s"), (185, "3m05s"), (7800, "2h10m"), (.infinity, "277777h46m")])
  func saysDurationsAsPeopleDo(seconds: Double, text: String) {
    #expect(readableDuration(seconds: seconds) == text)
  }
}

@Suite struct MetricsLogTests {
  @Test func keepsTheRowsUpToTheCheckpoint() {
    let log = Data(#"{"step":1}"#.utf8) + Data("\n{\"step\":2}\n{\"step\":3}\n{\"st".utf8)
    #expect(MetricsLog.rows(of: log, upToStep: 2) == Data("{\"step\":1}\n{\"step\":2}\n".utf8))
    #expect(MetricsLog.rows(of: log, upToStep: 9) == Data("{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n".utf8))
    #expect(MetricsLog.rows(of: log, upToStep: 0).isEmpty)
  }
}

@Suite struct ConsoleTests {
  @Test func putsMessagesOnOneLineWithoutControlCharacters() {
    #expect(Console.singleLine("one\n  two\u{1B}[2J\r\nthree") == "one two\\u{1b}[2J three")
  }
}
