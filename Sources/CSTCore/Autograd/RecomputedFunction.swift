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
