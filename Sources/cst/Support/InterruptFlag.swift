import Dispatch
import Foundation
import Synchronization

/// Remembers that the user wants to stop: the first Ctrl-C (or SIGTERM) is noted, the second ends the process at once.
///
/// `@unchecked Sendable`: the sources are set once, in `init`; everything that changes is atomic.
final class InterruptFlag: @unchecked Sendable {
  private let received = Atomic<Int32>(0)
  private var sources: [any DispatchSourceSignal] = []

  private static let signals = [SIGINT, SIGTERM]

  /// Takes over both signals for as long as this value lives; after that they end the process as usual.
  /// - Parameter message: Shown on standard error with the first signal.
  init(message: String) {
    sources = Self.signals.map { number in
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
    for number in Self.signals { signal(number, SIG_DFL) }
  }

  /// Whether a signal has come.
  var isSet: Bool { received.load(ordering: .relaxed) != 0 }

  /// The exit code of a process that a signal ended: 130 for Ctrl-C.
  var exitCode: Int32 { 128 + received.load(ordering: .relaxed) }
}
