import CSTCore
import Foundation
import Synchronization

/// A server with an OpenAI-compatible interface on a free port of 127.0.0.1, whose replies and failures a test decides.
///
/// ```swift
/// let server = StubTeacherServer { $0.index == 0 ? .fault(.rateLimited()) : .reply }
/// let teacher = try HTTPTeacher(baseURL: server.baseURL, model: "stub", key: nil)
/// ```
///
/// It serves until it is stopped or forgotten, with a thread a connection. Requests are numbered in the order in which
/// they arrive.
public final class StubTeacherServer: Sendable {
  /// Where the interface is: `http://127.0.0.1:PORT/v1`.
  public let baseURL: URL

  private let service: StubService
  private let listener: StubSocket

  /// A server that asks the script what to do with each request. The script is called from several threads.
  public init(_ script: @escaping @Sendable (StubRequest) -> StubAnswer = { _ in .reply }) {
    let (listener, port) = StubSocket.listening()
    let service = StubService(script)
    (self.listener, self.service) = (listener, service)
    baseURL = URL(string: "http://127.0.0.1:\(port)/v1")!
    // The thread must not keep the server, which is stopped when it is forgotten.
    Thread.detachNewThread {
      while let connection = listener.nextConnection() { service.serve(connection) }
      listener.release()
    }
  }

  /// A server that does these things with its first requests and replies to all others.
  public convenience init(first answers: [StubAnswer]) {
    self.init { $0.index < answers.count ? answers[$0.index] : .reply }
  }

  deinit { stop() }

  /// Every request so far, in the order of arrival.
  public var requests: [StubRequest] { service.requests }

  /// Ends every connection and takes no more.
  public func stop() {
    if service.stop() { listener.shutDown() }
  }
}

/// What the threads of a stub server share.
final class StubService: Sendable {
  private struct State {
    var requests: [StubRequest] = []
    var connections: [Int32: StubSocket] = [:]
    var isStopped = false
  }

  private let script: @Sendable (StubRequest) -> StubAnswer
  private let state = Mutex(State())

  init(_ script: @escaping @Sendable (StubRequest) -> StubAnswer) { self.script = script }

  var requests: [StubRequest] { state.withLock(\.requests) }
  var isStopped: Bool { state.withLock(\.isStopped) }

  /// Ends all connections; false if that was done before.
  func stop() -> Bool {
    state.withLock { state in
      defer { state.isStopped = true }
      // Within the lock: a descriptor that was given back could be another's by now.
      for connection in state.connections.values { connection.shutDown() }
      return !state.isStopped
    }
  }

  /// Serves a connection on a thread of its own until either side ends it.
  func serve(_ socket: StubSocket) {
    let accepted = state.withLock { state in
      if !state.isStopped { state.connections[socket.descriptor] = socket }
      return !state.isStopped
    }
    guard accepted else { return socket.release() }
    Thread.detachNewThread { [self] in
      var connection = StubConnection(socket)
      while let received = connection.nextRequest() {
        let request = state.withLock { state in
          let request = StubRequest(
            index: state.requests.count, method: received.method, path: received.path, headers: received.headers,
            body: received.body)
          state.requests.append(request)
          return request
        }
        guard connection.respond(to: request, with: script, while: { !self.isStopped }) else { break }
      }
      state.withLock { state in
        state.connections[socket.descriptor] = nil
        socket.release()
      }
    }
  }
}
