/// Stops the process with `message` where `condition` is false: for mistakes of the programmer, such as shapes that do
/// not fit.
///
/// Like `precondition`, which says nothing in optimised builds; a shape mistake must name both shapes in every build.
@inlinable
@inline(__always)
package func require(
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
