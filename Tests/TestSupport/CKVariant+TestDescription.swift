import CKernels
import Testing

extension CKVariant: @retroactive CustomTestStringConvertible {
  public var testDescription: String { name }
}
