/// A value that holds tensors which can be trained: a tensor, an array of tensors, an adapter.
///
/// Conforming types say how to visit their parameters in a fixed order; gradients then come back as the same type.
public protocol ParameterContainer: Sendable {
  /// The same container with every parameter replaced by `transform(parameter)`, visited in a fixed order.
  func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> Self
}

extension ParameterContainer {
  /// All parameters in the order of ``mapParameters(_:)``.
  public var parameters: [Tensor] {
    var parameters: [Tensor] = []
    _ = mapParameters {
      parameters.append($0)
      return $0
    }
    return parameters
  }
}

extension Tensor: ParameterContainer {
  /// `transform` of this tensor, its only parameter.
  public func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> Tensor { try transform(self) }
}

extension Array: ParameterContainer where Element: ParameterContainer {
  /// The elements' parameters, in order.
  public func mapParameters(_ transform: (Tensor) throws -> Tensor) rethrows -> [Element] {
    try map { try $0.mapParameters(transform) }
  }
}
