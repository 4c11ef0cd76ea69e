import Foundation

/// The shape of every error of these libraries: what is wrong, where, and what to do.
///
/// Compare ``reason`` to react to one kind of failure; reasons are added, so leave room for others. Show
/// `description`, one line, which is also what `localizedDescription` says.
///
/// ```swift
/// catch let error as any PlacedError { log(error.place, error.detail) }
/// ```
public protocol PlacedError: LocalizedError, CustomStringConvertible, Sendable {
  /// A kind of failure.
  associatedtype Reason: Sendable, Hashable
  /// What says where: text unless a type has something better.
  associatedtype Place: Sendable, CustomStringConvertible = String

  /// The kind of failure.
  var reason: Reason { get }
  /// Where it is wrong: a file, a line, a row, a key. Empty where the reason says it.
  var place: Place { get }
  /// What was expected, what was found and what to do.
  var detail: String { get }
}

extension PlacedError {
  /// One line for people: place, reason and detail.
  public var description: String { ["\(place)", "\(reason)", detail].filter { !$0.isEmpty }.joined(separator: ": ") }

  /// The same line as ``description``.
  public var errorDescription: String? { description }
}
