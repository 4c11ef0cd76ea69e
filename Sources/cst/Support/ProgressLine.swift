import CSTCore
import Foundation
import Synchronization

/// Progress on standard error: one line that is rewritten on a terminal, a line now and then elsewhere.
struct ProgressLine {
  private let columns: Int?
  private let interval: Duration
  private let write: (String) -> Void
  private var lastShown: ContinuousClock.Instant?
  private var isOpen = false

  /// - Parameters:
  ///   - columns: The terminal's width; `nil` where there is no terminal.
  ///   - interval: Least time between two lines; a terminal's line is rewritten ten times a second at most.
  init(
    columns: Int? = Self.terminalColumns(), interval: Duration = .seconds(5),
    write: @escaping (String) -> Void = Console.note
  ) {
    self.columns = columns
    self.interval = columns == nil ? interval : .milliseconds(100)
    self.write = write
  }

  /// Shows `text` if it is time, or in any case where it `isLast`.
  mutating func show(_ text: String, isLast: Bool = false, at now: ContinuousClock.Instant = .now) {
    if !isLast, let lastShown, now - lastShown < interval { return }
    lastShown = now
    if let columns {
      write("\r\u{1B}[2K" + text.prefix(max(1, columns - 1)))
      isOpen = true
    } else {
      write(text + "\n")
    }
    if isLast { end() }
  }

  /// Leaves the line as it stands, so that something else can be written below it.
  mutating func end() {
    if isOpen { write("\n") }
    isOpen = false
  }

  /// The width of the terminal that standard error is; `nil` where it is none, or one that cannot rewrite a line.
  static func terminalColumns() -> Int? {
    guard isatty(STDERR_FILENO) == 1, ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

final class SharedProgress: Sendable {
  private let line = Mutex(ProgressLine())

  /// Shows `text` if it is time, or in any case where it `isLast`.
  func show(_ text: String, isLast: Bool) { line.withLock { $0.show(text, isLast: isLast) } }

  /// Shows how far the library has come.
  func show(_ progress: WorkProgress) { show("\(progress)", isLast: progress.isComplete) }

  func end() { line.withLock { $0.end() } }
}

/// A duration as people read it: `42s`, `3m05s`, `2h10m`.
func readableDuration(seconds: Double) -> String {
  let whole = Int(min(max(0, seconds), 1e9).rounded())
  func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  switch whole {
  case ..<60: return "\(whole)s"
  case ..<3600: return "\(whole / 60)m\(padded(whole % 60))s"
  default: return "\(whole / 3600)h\(padded(whole / 60 % 60))m"
  }
}
