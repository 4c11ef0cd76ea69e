/// Stops the process with `message` where `condition` is false: for mistakes of the programmer, such as shapes that do
/// not fit.
///
/// Like `precondition`, which says nothing in optimised builds; a shape mistake must name both shapes in every build.
@inlinable
@inline(__always) package func require(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { mistake(message(), file: file, line: line) }
}

/// Stops the process with `message`: a mistake of the programmer.
@inline(never)
@usableFromInline
package func mistake(_ message: String, file: StaticString = #fileID, line: UInt = #line) -> Never {
  fatalError(message, file: file, line: line)
}

/// A value whose fields have ranges: `init` traps on one that is outside its range, decoding throws.
package protocol CheckedFields {
  /// A field by name, and what is wrong with it.
  typealias BadField = (name: String, problem: String)

  /// The first field that is outside its range.
  var badField: BadField? { get }
}

extension CheckedFields {
  /// For the end of `init`.
  package func requireGoodFields(file: StaticString = #fileID, line: UInt = #line) {
    if let badField { mistake(badField.problem, file: file, line: line) }
  }

  /// For the end of `init(from:)`.
  package func checkDecoded(at path: [any CodingKey]) throws {
    guard let badField else { return }
    throw DecodingError.dataCorrupted(
      .init(codingPath: path + [AnyKey(stringValue: badField.name)], debugDescription: badField.problem))
  }
}
