import Foundation

/// One connection of a stub server: reads requests, writes what a script decides.
struct StubConnection {
  /// A request before it has a number.
  struct Received {
    var method: String
    var path: String
    var headers: [String: String]
    var body: Data
  }

  private let socket: StubSocket
  private var buffer: [UInt8] = []

  init(_ socket: StubSocket) { self.socket = socket }

  /// The next request with its body; nil at the end of the connection.
  mutating func nextRequest() -> Received? {
    let separator = Array("\r\n\r\n".utf8)
    var head: [UInt8]?
    while head == nil {
      if let range = Data(buffer).range(of: Data(separator)) {
        head = Array(buffer[..<range.lowerBound])
        buffer.removeFirst(range.upperBound)
      } else if !fill() {
        return nil
      }
    }
    let lines = String(decoding: head ?? [], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    if headers["expect"]?.lowercased() == "100-continue" { socket.write("HTTP/1.1 100 Continue\r\n\r\n") }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    while buffer.count < length { if !fill() { return nil } }
    defer { buffer.removeFirst(length) }
    return Received(
      method: String(words[0]), path: String(words[1]), headers: headers, body: Data(buffer.prefix(length)))
  }

  private mutating func fill() -> Bool {
    let bytes = socket.read()
    buffer += bytes
    return !bytes.isEmpty
  }

  /// Writes the response to a request. False if the connection is over.
  func respond(
    to request: StubRequest, with script: (StubRequest) -> StubAnswer, while isRunning: () -> Bool
  ) -> Bool {
    switch (request.method, request.path) {
    case ("POST", "/v1/chat/completions"): break
    case ("GET", "/v1/models"):
      return sendWhole(200, #"{"object":"list","data":[{"id":"stub","object":"model"}]}"#)
    default: return sendWhole(404, #"{"detail":"Not Found"}"#)
    }
    switch script(request) {
    case .reply: return send(StubReply(echoing: request), streamed: request.streams)
    case .text(let text, let reason):
      return send(StubReply(text, finishReason: reason, to: request), streamed: request.streams)
    case .fault(let fault): return fail(fault, request, while: isRunning)
    }
  }

  // MARK: Replies

  private func send(_ reply: StubReply, streamed: Bool) -> Bool {
    guard streamed else { return sendWhole(200, reply.whole) }
    return startStream() && reply.events.allSatisfy(sendChunk) && endStream()
  }

  private func sendWhole(
    _ status: Int, _ body: String, type: String? = "application/json", headers: [String: String] = [:]
  ) -> Bool {
    sendHead(status, type: type, headers.merging(["Content-Length": "\(body.utf8.count)"]) { $1 })
      && socket.write(body)
  }

  private func sendHead(_ status: Int, type: String?, _ headers: [String: String]) -> Bool {
    var head = "HTTP/1.1 \(status) Stub\r\n"
    if let type { head += "Content-Type: \(type)\r\n" }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
    return socket.write(head + "\r\n")
  }

  private func startStream() -> Bool {
    sendHead(200, type: "text/event-stream; charset=utf-8", ["Transfer-Encoding": "chunked"])
  }

  private func sendChunk(_ text: String) -> Bool {
    socket.write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
  }

  private func endStream() -> Bool { socket.write("0\r\n\r\n") }

  // MARK: Faults

  private func fail(_ fault: StubFault, _ request: StubRequest, while isRunning: () -> Bool) -> Bool {
    let reply = StubReply(echoing: request)
    let isStreamed = request.streams
    switch fault {
    case .rateLimited(let retryAfter):
      return sendWhole(
        429, StubReply.error("too many requests", code: "rate_limit_exceeded"),
        headers: retryAfter.map { ["Retry-After": $0] } ?? [:])
    case .status(let status, let message, let code, let headers):
      return sendWhole(status, StubReply.error(message, code: code), headers: headers)
    case .raw(let status, let type, let body): return sendWhole(status, body, type: type)
    case .close: return false
    case .silence: return waitForEnd()
    case .stallAfterHeaders:
      return (isStreamed ? startStream() : sendHead(200, type: "application/json", ["Content-Length": "999"]))
        && waitForEnd()
    case .stallMidway: return sendHalf(reply, isStreamed) && waitForEnd()
    case .cutMidway:
      _ = sendHalf(reply, isStreamed)
      return false
    case .endMidway:
      return startStream() && reply.events.prefix(reply.events.count / 2).allSatisfy(sendChunk) && endStream()
    case .malformedJSON:
      let broken = String(reply.whole.dropLast(9))
      return isStreamed
        ? startStream() && sendChunk("data: \(broken)\n\n") && sendChunk("data: [DONE]\n\n") && endStream()
        : sendWhole(200, broken)
    case .wrongContentType:
      return sendWhole(200, "<html><body>Sign in to the network</body></html>", type: "text/html; charset=utf-8")
    case .emptyChoices:
      return isStreamed
        ? startStream() && sendChunk("data: \(StubReply.empty)\n\n") && sendChunk("data: [DONE]\n\n") && endStream()
        : sendWhole(200, StubReply.empty)
    case .endlessBody:
      guard isStreamed ? startStream() : sendHead(200, type: "application/json", ["Transfer-Encoding": "chunked"])
      else { return false }
      let filler = String(repeating: ": nothing to see\n", count: 1000)
      // 16 MB a second: a flood at the speed of memory would slow down every other test on the machine.
      while isRunning(), sendChunk(filler) { Thread.sleep(forTimeInterval: 0.001) }
      return false
    case .redirect(let target): return sendWhole(307, "", headers: ["Location": target.absoluteString])
    case .trickle(let pause): return trickle(isStreamed ? reply.events.joined() : reply.whole, pause, isStreamed)
    case .wholeReply: return sendWhole(200, reply.whole)
    case .errorInStream(let code, let message):
      return startStream() && sendChunk("data: \(StubReply.error(message, code: "\(code)"))\n\n") && endStream()
    }
  }

  private func sendHalf(_ reply: StubReply, _ isStreamed: Bool) -> Bool {
    if isStreamed { return startStream() && reply.events.prefix(reply.events.count / 2).allSatisfy(sendChunk) }
    let body = reply.whole
    return sendHead(200, type: "application/json", ["Content-Length": "\(body.utf8.count)"])
      && socket.write(String(body.prefix(body.count / 2)))
  }

  private func trickle(_ body: String, _ pause: Duration, _ isStreamed: Bool) -> Bool {
    let seconds = pause / .seconds(1)
    let type = isStreamed ? "text/event-stream" : "application/json"
    guard sendHead(200, type: type, ["Content-Length": "\(body.utf8.count)"]) else { return false }
    var rest = Array(body.utf8)[...]
    while !rest.isEmpty {
      Thread.sleep(forTimeInterval: seconds)
      guard socket.write(rest.prefix(61)) else { return false }
      rest = rest.dropFirst(61)
    }
    return true
  }

  /// Waits until the other side, or the server's end, ends the connection.
  private func waitForEnd() -> Bool {
    while !socket.read().isEmpty {}
    return false
  }
}
