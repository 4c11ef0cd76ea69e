/// Takes a stream of server-sent events apart (WHATWG HTML, section 9.2), in whatever pieces it arrives.
///
/// Only the data of events is kept: comments, names, identifiers and reconnection times are read over. Data stay bytes,
/// so that a character split between two pieces is whole again.
struct ServerSentEventParser: Sendable {
  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var lineFeedEndsNothing = false
  private var isFirstLine = true

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// The data of the events that these bytes complete, oldest first. Lines end with LF, CR or CRLF.
  mutating func append(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
    var events: [[UInt8]] = []
    for byte in bytes {
      let followsCarriageReturn = lineFeedEndsNothing
      lineFeedEndsNothing = byte == Self.carriageReturn
      if byte == Self.lineFeed, followsCarriageReturn { continue }
      guard byte == Self.lineFeed || byte == Self.carriageReturn else {
        line.append(byte)
        continue
      }
      if let event = endLine() { events.append(event) }
    }
    return events
  }

  /// The data of the event that the stream ended within, counting its last line as ended; nil where there is none.
  mutating func end() -> [UInt8]? { endLine() ?? endEvent() }

  private mutating func endLine() -> [UInt8]? {
    defer { line.removeAll(keepingCapacity: true) }
    if isFirstLine {
      isFirstLine = false
      if line.starts(with: Self.byteOrderMark) { line.removeFirst(Self.byteOrderMark.count) }
    }
    if line.isEmpty { return endEvent() }
    guard line.starts(with: "data".utf8) else { return nil }
    var value = line.dropFirst(4)
    if let colon = value.popFirst() {
      guard colon == UInt8(ascii: ":") else { return nil }
      if value.first == UInt8(ascii: " ") { value.removeFirst() }
    }
    if hasData { data.append(Self.lineFeed) }
    data += value
    hasData = true
    return nil
  }

  private mutating func endEvent() -> [UInt8]? {
    defer {
      data = []
      hasData = false
    }
    return hasData ? data : nil
  }
}
