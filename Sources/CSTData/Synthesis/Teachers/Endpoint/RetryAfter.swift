import Foundation

/// The header in which a server says how long to wait (RFC 9110, section 10.2.3).
enum RetryAfter {
  private static let dateFormats = [
    "EEE',' dd MMM yyyy HH':'mm':'ss 'GMT'", "EEEE',' dd'-'MMM'-'yy HH':'mm':'ss 'GMT'", "EEE MMM d HH':'mm':'ss yyyy",
  ]
  /// No server means to be asked again later than in a year.
  private static let longest = 365 * 86_400

  /// The wait that a header's value asks for, from whole seconds or from one of HTTP's three forms of a date; not
  /// negative. Nil for anything else, which servers do send.
  static func duration(of value: String, now: Date) -> Duration? {
    let text = value.trimmingCharacters(in: .whitespaces)
    guard !text.isEmpty else { return nil }
    if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      return .seconds(min(Int(text) ?? longest, longest))
    }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    for format in dateFormats {
      formatter.dateFormat = format
      if let date = formatter.date(from: text) {
        let seconds = date.timeIntervalSince(now).rounded(.up)
        return .seconds(Int(min(max(seconds, 0), Double(longest))))
      }
    }
    return nil
  }
}
