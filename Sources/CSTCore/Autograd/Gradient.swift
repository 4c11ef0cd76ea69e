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

/// `function` of `inputs`, of which the backward pass keeps nothing but the inputs: it calls `function` a second time and
/// goes back through that (gradient checkpointing; Chen et al., arXiv 1604.06174).
///
/// Values and gradients have the bits they would have without, provided that `function` gives the same bits twice and
/// reads no other tensor that a gradient is wanted of.
/// - Complexity: The function's work once more in the backward pass, which then holds what one function keeps.
func recomputedInBackwardPass(_ inputs: [Tensor], _ function: @escaping ([Tensor]) -> Tensor) -> Tensor {
  guard inputs.contains(where: { $0.node != nil }) else { return function(inputs) }
  let values = inputs.map { $0.detached() }
  let nodes = inputs.map(\.node)
  return function(values).recorded(from: inputs) { gradient in
    let wanted = nodes.indices.filter { nodes[$0] != nil }
    let (value, pullback) = valueWithPullback(at: wanted.map { values[$0] }) { tracked in
      var inputs = values
      for (index, tensor) in zip(wanted, tracked) { inputs[index] = tensor }
      return function(inputs)
    }
    let gradients = pullback(Tensor(storage: gradient, shape: value.shape))
    for (index, gradient) in zip(wanted, gradients) { nodes[index]?.accumulate(sharing: gradient.storage) }
  }
}
