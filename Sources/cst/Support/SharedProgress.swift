import Synchronization

/// A progress line that work on another thread reports to.
final class SharedProgress: Sendable {
  private let line = Mutex(ProgressLine())

  /// Shows `text` if it is time, or in any case where it `isLast`.
  func show(_ text: String, isLast: Bool) { line.withLock { $0.show(text, isLast: isLast) } }

  /// Leaves the line as it stands.
  func end() { line.withLock { $0.end() } }
}
