import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A connected or listening TCP socket on this machine. Whoever makes it closes it.
struct StubSocket: Sendable {
  let descriptor: Int32

  init(descriptor: Int32) {
    self.descriptor = descriptor
    #if canImport(Darwin)
      var yes: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
    #endif
  }

  /// Listens on a free port of 127.0.0.1.
  static func listening() -> (socket: StubSocket, port: Int) {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    precondition(descriptor >= 0, "no socket: \(String(cString: strerror(errno)))")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, size) == 0 && listen(descriptor, 64) == 0
          && getsockname(descriptor, generic, &size) == 0
      }
    }
    precondition(bound, "no port on 127.0.0.1: \(String(cString: strerror(errno)))")
    return (StubSocket(descriptor: descriptor), Int(UInt16(bigEndian: address.sin_port)))
  }

  /// The next connection; nil once the socket is shut down.
  func nextConnection() -> StubSocket? {
    let connection = accept(descriptor, nil, nil)
    return connection >= 0 ? StubSocket(descriptor: connection) : nil
  }

  /// The next bytes; empty at the end.
  func read() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return Array(buffer.prefix(max(count, 0)))
  }

  /// Sends all bytes; false if the other side has gone.
  @discardableResult func write(_ text: String) -> Bool { write(Array(text.utf8)[...]) }

  /// Sends all bytes; false if the other side has gone.
  func write(_ bytes: ArraySlice<UInt8>) -> Bool {
    #if canImport(Darwin)
      let flags: Int32 = 0
    #else
      let flags = Int32(MSG_NOSIGNAL)
    #endif
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
      if count <= 0 { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Ends both directions; whoever reads or accepts on it returns.
  func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Gives the descriptor back.
  func release() { _ = close(descriptor) }
}
