// A unit-size experiment: a function of tensors, its value and its gradients, and a step of gradient descent.

// snippet.gradients
import CSTCore

let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
let w = Tensor([0.5, -1, 0.25, 2], shape: [2, 2])
let (value, (dx, dw)) = valueWithGradient(at: x, w) { x, w in x.matmul(w).sigmoid().sum() }
print(value.item, dx.shape, dw.scalars)  // the value, the shape [3, 2], four derivatives

let improved = w - 0.1 * dw
print(x.matmul(improved).sigmoid().sum().item < value.item)  // true
// snippet.end
