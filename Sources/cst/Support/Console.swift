import CSTCore
import Foundation

/// Standard output and standard error. Nothing is buffered, so a reply shows as it is written.
enum Console {
  /// Call first: where a standard stream is closed, opens something else in its place, so that no file of ours gets its
  /// number and results or notes are written into it.
  static func claimStandardStreams() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // Read-only, so that writing fails as it would have.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes a result to standard output.
  ///
  /// Where the reader has gone away the process ends at once and silently, as other tools do.
  static func write(_ text: String) throws(CommandError) {
    if let code = write(text, to: STDOUT_FILENO) {
      if code == EPIPE {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
      }
      throw CommandError("standard output cannot be written: \(String(cString: strerror(code)))")
    }
  }

  static func print(_ line: String) throws(CommandError) { try write(line + "\n") }

  /// Writes progress or a note to standard error; where nobody reads it, nothing happens.
  static func note(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  static func reportFailure(_ message: String) { note("error: \(singleLine(message))\n") }

  /// `text` on one line: line breaks become spaces, other characters that are not to be seen are escaped, because names
  /// and file contents must not drive the terminal.
  static func singleLine(_ text: String) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
    return FormatError.printable(lines.joined(separator: " "), limit: .max)
  }

  /// `nil`, or the code of the error.
  private static func write(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let written = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0 {
          if errno == EINTR { continue }
          return errno
        }
        rest = rest.dropFirst(written)
      }
      return nil
    }
  }
}

/// JSON as the tool writes it: keys sorted and in snake case, so that equal results are equal texts.
enum JSONText {
  static func line(_ value: some Encodable) throws -> String { try RecordFile.text(value) }

  /// A value over several lines, for people.
  static func document(_ value: some Encodable) throws -> String { try RecordFile.text(value, .prettyPrinted) + "\n" }
}

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
