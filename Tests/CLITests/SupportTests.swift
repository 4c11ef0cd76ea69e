import CSTCore
import Foundation
import Testing

@testable import cst

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

@Suite struct ConsoleTests {
  @Test func putsMessagesOnOneLineWithoutControlCharacters() {
    #expect(Console.singleLine("one\n  two\u{1B}[2J\r\nthree") == "one two\\u{1b}[2J three")
  }
}
