import Foundation
import Testing

@testable import CSTData

@Suite struct ServerSentEventsTests {
  private func events(_ pieces: [[UInt8]]) -> [String] {
    var parser = ServerSentEventParser()
    return pieces.flatMap { parser.append($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private func events(_ text: String) -> [String] { events([Array(text.utf8)]) }

  @Test(arguments: [
    ("data: a\n\n", ["a"]), ("data:a\n\n", ["a"]), ("data:  a\n\n", [" a"]), ("data: a\ndata: b\n\n", ["a\nb"]),
    ("data\n\n", [""]), ("data:\n\n", [""]), ("data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
    ("data: a\r\rdata: b\r\r", ["a", "b"]), ("data: a\n\r\ndata: b\r\n\n", ["a", "b"]),
    (": comment\ndata: a\n\n", ["a"]), (":\n\n\n\ndata: a\n\n", ["a"]),
    ("event: x\nid: 7\nretry: 5\ndata: a\n\n", ["a"]), ("event: x\n\n", []), ("database: a\n\n", []),
    ("\u{FEFF}data: a\n\n", ["a"]), ("data: é🧂\n\n", ["é🧂"]), ("data: a\n", []), ("data: a", []), ("", []),
    ("data: a: b\n\n", ["a: b"]), (" data: a\n\n", []),
  ])
  func takesEventsApart(text: String, expected: [String]) {
    #expect(events(text) == expected)
  }

  /// Two splits of the stream at every pair of places, and a split at all of them.
  @Test func doesNotDependOnWhereTheStreamIsSplit() {
    let bytes = Array("\u{FEFF}: hi\r\ndata: {\"é\":\"🧂\"}\r\n\r\ndata: b\ndata: c\n\nid: 3\r\rdata: [DONE]\n\n".utf8)
    let expected = ["{\"é\":\"🧂\"}", "b\nc", "[DONE]"]
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map(Array.init)
        #expect(events(pieces) == expected, "\(first), \(second)")
      }
    }
    #expect(events(bytes.map { [$0] }) == expected)
  }

  @Test func keepsTheEventThatTheStreamEndedIn() {
    for (text, rest) in [("data: a\n\n", nil), ("data: a\n", "a"), ("data: a", "a"), ("", nil), (": x", nil)] {
      var parser = ServerSentEventParser()
      _ = parser.append(text.utf8)
      #expect(parser.end().map { String(decoding: $0, as: UTF8.self) } == rest, "\(text)")
    }
  }
}
