import CKernels
import Testing

extension CKVariant: @retroactive CustomTestStringConvertible {
  /// "avx2" instead of `CKVariant(rawValue: 1)` in the tests' log.
  public var testDescription: String { name }
}
