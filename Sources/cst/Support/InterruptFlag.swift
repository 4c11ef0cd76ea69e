import Dispatch
import Foundation
import Synchronization

/// Remembers that the user wants to stop: the first Ctrl-C (or SIGTERM, or SIGHUP when the terminal goes away) is noted, the
/// second ends the process at once.
///
/// `@unchecked Sendable`: the sources are set once, in `init`; everything that changes is atomic.
final class InterruptFlag: @unchecked Sendable {
  private let received = Atomic<Int32>(0)
  private var sources: [any DispatchSourceSignal] = []

  private let signals: [Int32]

  /// Takes over these signals for as long as this value lives; after that they end the process as usual.
  /// - Parameter message: Shown on standard error with the first signal.
  init(message: String) {
    // A process that was started to outlive its terminal (by nohup) ignores SIGHUP, and goes on doing so.
    var atHangup = sigaction()
    sigaction(SIGHUP, nil, &atHangup)
    signals = [SIGINT, SIGTERM] + (atHangup.isIgnored ? [] : [SIGHUP])
    sources = signals.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
      source.setEventHandler { [unowned self] in
        let isFirst = received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
        guard isFirst else { _exit(128 + number) }
        Console.note("\n\(message)\n")
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
    for number in signals { signal(number, SIG_DFL) }
  }

  var isSet: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit code of a process that the signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
  var exitCode: Int32 { 128 + received.load(ordering: .relaxed) }
}

extension sigaction {
  fileprivate var isIgnored: Bool {
    #if canImport(Glibc)
      let handler = __sigaction_handler.sa_handler
    #else
      let handler = __sigaction_u.__sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
