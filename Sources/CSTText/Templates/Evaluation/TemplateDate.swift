import Foundation

/// The day and time that a template's `strftime_now` tells: fixed when the model is read, so that a conversation always
/// renders alike.
public struct TemplateDate: Sendable, Hashable, CustomStringConvertible {
  /// The year, month (1…12) and day (1…31) of the Gregorian calendar.
  package let year, month, day: Int
  package let hour, minute, second: Int

  /// A day, at midnight.
  ///
  /// - Parameter text: `YYYY-MM-DD`, years 1 to 9999; `nil` results from anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]), (1...9999).contains(year),
      (1...12).contains(month), day >= 1, day <= Self.days(inMonth: month, of: year)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    (self.year, self.month, self.day) = (year, month, day)
    (self.hour, self.minute, self.second) = (hour, minute, second)
  }

  /// The day of `date` where the machine is, at midnight: a run of a few hours renders alike.
  public static func today(_ date: Date = Date()) -> TemplateDate {
    let parts = Calendar(identifier: .gregorian).dateComponents([.year, .month, .day], from: date)
    return TemplateDate(year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1)
  }

  /// `YYYY-MM-DD`
  public var description: String { "\(Self.padded(year, 4))-\(Self.padded(month))-\(Self.padded(day))" }

  private static func isLeap(_ year: Int) -> Bool {
    year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
  }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    month == 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  private var dayOfYear: Int { (1..<month).reduce(day) { $0 + Self.days(inMonth: $1, of: year) } }

  /// 0 for Sunday.
  private var weekday: Int {
    let past = year - 1
    return (past * 365 + past / 4 - past / 100 + past / 400 + dayOfYear) % 7
  }

  private static func padded(_ value: Int, _ width: Int = 2, _ filler: String = "0") -> String {
    let digits = "\(value)"
    return String(repeating: filler, count: max(width - digits.utf8.count, 0)) + digits
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  /// One field of C's `strftime` with English names, `nil` for one that is not supported.
  func field(_ code: Unicode.Scalar) -> String? {
    let hourOfHalf = hour % 12 == 0 ? 12 : hour % 12
    return switch code {
    case "Y": "\(year)"
    case "y": Self.padded(year % 100)
    case "m": Self.padded(month)
    case "d": Self.padded(day)
    case "e": Self.padded(day, 2, " ")
    case "j": Self.padded(dayOfYear, 3)
    case "B": Self.months[month - 1]
    case "b", "h": String(Self.months[month - 1].prefix(3))
    case "A": Self.weekdays[weekday]
    case "a": String(Self.weekdays[weekday].prefix(3))
    case "w": "\(weekday)"
    case "u": "\(weekday == 0 ? 7 : weekday)"
    case "H": Self.padded(hour)
    case "I": Self.padded(hourOfHalf)
    case "M": Self.padded(minute)
    case "S": Self.padded(second)
    case "p": hour < 12 ? "AM" : "PM"
    case "F": "\(year)-\(Self.padded(month))-\(Self.padded(day))"
    case "T": "\(Self.padded(hour)):\(Self.padded(minute)):\(Self.padded(second))"
    case "D": "\(Self.padded(month))/\(Self.padded(day))/\(Self.padded(year % 100))"
    case "R": "\(Self.padded(hour)):\(Self.padded(minute))"
    case "n": "\n"
    case "t": "\t"
    case "%": "%"
    default: nil
    }
  }
}

extension TemplateEvaluator {
  /// `strftime_now(format)`; `%-d` leaves out the filling zero.
  func formattedDate(_ format: TemplateText) throws -> TemplateText {
    var result = TemplateText()
    let scalars = format.scalars
    var index = 0
    let origin = format.runs.contains { $0.origin == .content } ? TemplateText.Origin.content : .template
    while index < scalars.count {
      defer { index += 1 }
      guard scalars[index] == "%" else {
        result.append(scalars[index], origin)
        continue
      }
      index += 1
      let isUnpadded = index < scalars.count && scalars[index] == "-"
      if isUnpadded { index += 1 }
      guard index < scalars.count, let field = date.field(scalars[index]) else {
        throw error("the date format \(TokenizerError.quote(format.string))", .unsupported)
      }
      let unpadded = field.drop { $0 == "0" || $0 == " " }
      result.append(isUnpadded ? (unpadded.isEmpty ? "0" : String(unpadded)) : field, origin)
    }
    return result
  }
}
