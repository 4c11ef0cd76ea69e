/// The value of a scalar function and its gradient with respect to every input.
///
/// ```swift
/// let (value, (dx, dw)) = valueWithGradient(at: x, w) { x, w in x.matmul(w).sum() }
/// ```
///
/// - Parameters:
///   - inputs: Tensors or containers of tensors.
///   - function: Called once. Its result must have one element.
/// - Returns: The value without gradient history, and per input a value of the same type and shapes that holds the
///   derivatives; zeros where the function does not depend on a parameter.
/// - Complexity: About three times the work of the function; memory for what its operations keep.
public func valueWithGradient<each Input: ParameterContainer>(
  at inputs: repeat each Input, of function: (repeat each Input) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (repeat each Input)) {
  let (value, pullback) = try valueWithPullback(at: repeat each inputs, of: function)
  require(value.count == 1, "a gradient needs a scalar function; this one returned shape \(value.shape)")
  return (value, pullback(Tensor.ones(value.shape)))
}

/// The value of a function of any shape, and the function that maps a cotangent (the derivative of some scalar with
/// respect to the value) to the derivatives with respect to the inputs.
///
/// The pullback consumes what the forward pass kept and can be called once; a second call traps.
public func valueWithPullback<each Input: ParameterContainer>(
  at inputs: repeat each Input, of function: (repeat each Input) throws -> Tensor
) rethrows -> (value: Tensor, pullback: (Tensor) -> (repeat each Input)) {
  var leaves: [GradientNode] = []
  func tracked<Container: ParameterContainer>(_ container: Container) -> Container {
    container.mapParameters { parameter in
      let leaf = GradientNode(parameterOfShape: parameter.shape)
      leaves.append(leaf)
      return Tensor(storage: parameter.storage, shape: parameter.shape, node: leaf)
    }
  }
  let trackedInputs = (repeat tracked(each inputs))
  let result = try function(repeat each trackedInputs)
  let backpropagation = Backpropagation(from: result.node, shape: result.shape, parameters: leaves)
  let parameterLeaves = leaves
  let untracked = (repeat each inputs)
  return (
    result.detached(),
    { cotangent in
      backpropagation.run(cotangent)
      var next = parameterLeaves.makeIterator()
      func gradient<Container: ParameterContainer>(_ container: Container) -> Container {
        container.mapParameters { parameter in
          guard let storage = next.next()?.gradient else { return Tensor.zeros(parameter.shape) }
          return Tensor(storage: storage, shape: parameter.shape)
        }
      }
      return (repeat gradient(each untracked))
    }
  )
}
