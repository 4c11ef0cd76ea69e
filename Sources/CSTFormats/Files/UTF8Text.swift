import Foundation

extension String {
  /// The text whose UTF-8 is `bytes`, or nil where they are not UTF-8.
  ///
  /// Decoding repairs what is not UTF-8, so that repaired text differs from its source. Comparing the two reads 98,000
  /// short texts in 3 ms, where `String(validating:as:)` takes 20 (Swift 6.3, x86-64).
  package init?(exactUTF8 bytes: UnsafeRawBufferPointer) {
    self = String(decoding: bytes, as: UTF8.self)
    let isExact = utf8.withContiguousStorageIfAvailable { own in
      guard own.count == bytes.count else { return false }
      guard let left = own.baseAddress, let right = bytes.baseAddress else { return own.isEmpty }
      return memcmp(left, right, own.count) == 0
    }
    guard isExact ?? utf8.elementsEqual(bytes) else { return nil }
  }
}

extension Collection<UInt8> {
  /// The position of the first byte that does not belong to well-formed UTF-8, or `nil`.
  package var firstInvalidUTF8: Index? {
    let isValid = withContiguousStorageIfAvailable { String(exactUTF8: UnsafeRawBufferPointer($0)) != nil }
    if isValid ?? (String(validating: self, as: UTF8.self) != nil) { return nil }
    var parser = Unicode.UTF8.ForwardParser()
    var bytes = makeIterator()
    var position = startIndex
    while case .valid(let scalar) = parser.parseScalar(from: &bytes) { formIndex(&position, offsetBy: scalar.count) }
    return position
  }
}
