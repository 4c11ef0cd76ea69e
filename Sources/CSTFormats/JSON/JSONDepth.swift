/// ``JSONNesting`` for the files of this floor: the same check, reported as a ``FormatError``.
package enum JSONDepth {
  /// Throws ``FormatError`` (`limit`) where brackets and braces nest more than `limit` deep.
  ///
  /// It looks at nesting only; whether the text is JSON is left to the parser.
  ///
  /// - Complexity: O(bytes); allocates nothing.
  package static func check(_ bytes: some Sequence<UInt8>, limit: Int = JSONNesting.limit, file: String) throws {
    do throws(JSONNesting.TooDeep) {
      try JSONNesting.check(bytes, limit: limit)
    } catch {
      throw FormatError(
        .limit, file: file, at: .byte(error.offset), expected: "JSON nested at most \(limit) deep",
        found: "deeper nesting")
    }
  }
}
