import ArgumentParser

/// Checks of option values. Each throws a usage error that names the option, what is allowed and what was given; `nil`
/// is an option that was not given.
enum Requirement {
  static func count(_ option: String, _ value: Int?, in range: ClosedRange<Int>) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError(
      "\(option) must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(value)")
  }

  static func positive(_ option: String, _ value: Double?) throws {
    try check(option, value, "a number above 0") { $0 > 0 }
  }

  static func notNegative(_ option: String, _ value: Double?) throws {
    try check(option, value, "0 or a number above") { $0 >= 0 }
  }

  static func share(_ option: String, _ value: Double?) throws {
    try check(option, value, "a number from 0 to 1") { $0 >= 0 && $0 <= 1 }
  }

  static func positiveShare(_ option: String, _ value: Double?) throws {
    try check(option, value, "a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
  }

  static func shareBelowOne(_ option: String, _ value: Double?) throws {
    try check(option, value, "0 or a number above that is below 1") { $0 >= 0 && $0 < 1 }
  }

  private static func check(
    _ option: String, _ value: Double?, _ allowed: String, _ isAllowed: (Double) -> Bool
  ) throws {
    guard let value, !(value.isFinite && isAllowed(value)) else { return }
    throw ValidationError("\(option) must be \(allowed), not \(Int(exactly: value).map(String.init) ?? "\(value)")")
  }
}
