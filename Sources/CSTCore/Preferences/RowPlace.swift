import Foundation

/// Where a row of a dataset was read: what a message about the row begins with.
public struct RowPlace: Hashable, Sendable {
  /// The file.
  public var file: URL
  /// The line on which the row begins, counted from 1.
  public var line: Int
  /// The row's number in the file, counted from 0.
  public var row: Int

  /// Creates a place.
  public init(file: URL, line: Int, row: Int) {
    self.file = file
    self.line = line
    self.row = row
  }
}

extension RowPlace: CustomStringConvertible {
  /// As compilers write it: `pairs.jsonl:12`.
  public var description: String { "\(file.path):\(line)" }
}

/// A value that is no part of what it is stored in: all are equal.
struct Uncompared<Value: Sendable>: Hashable, Sendable {
  var value: Value

  static func == (left: Self, right: Self) -> Bool { true }
  func hash(into hasher: inout Hasher) {}
}
