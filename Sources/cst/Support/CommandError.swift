import CSTCore
import Foundation

/// A failure of the tool's own: what was wrong, where, and what to do, as one line.
struct CommandError: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }

  /// One line for any error. The libraries' errors describe themselves; the system's have a message for people.
  static func line(for error: any Error) -> String {
    switch error {
    case let error as PreferenceError where error.reason == .needsPolicy:
      "\(error.description) (--policy FILE; to train, with --method cst)"
    case let error as LocalizedError where error.errorDescription != nil: error.errorDescription ?? ""
    case let error as CustomStringConvertible where !isSystemError(error): error.description
    case is CancellationError: "cancelled"
    default: error.localizedDescription
    }
  }

  private static func isSystemError(_ error: Any) -> Bool {
    error is CocoaError || error is POSIXError || type(of: error) == NSError.self
  }
}
