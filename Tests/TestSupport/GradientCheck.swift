import CSTCore

/// Checks derivatives of tensor functions against differences of their values, along one seeded random direction.
public enum GradientCheck {
  /// In words, how `valueWithPullback`'s derivatives of `function` at `inputs` are wrong, or nil.
  ///
  /// The function's result may have any shape; a seeded cotangent makes it a scalar, summed here in Double. Counts and
  /// shapes come first. Then ⟨gradient, direction⟩ is compared with the central difference along the direction,
  /// extrapolated from steps h and h/2 (Richardson), which leaves a truncation error of order h⁴: about 1e-6 for
  /// h = 2⁻⁵ and derivatives of size 1. The value's rounding errors, a few 2⁻²⁴ of every term ("noise" of them), are
  /// magnified by 1/h. The sum of both is the tolerance; forgetting or doubling one element of a gradient of 100 shows
  /// up as 1e-2 of `Σ|gradient·direction|`, well above its 5e-4.
  public static func mismatch<each Input: ParameterContainer>(
    at inputs: repeat each Input, seed: UInt64 = 1, step: Float = 0x1p-5, noise: Double = 16,
    of function: (repeat each Input) -> Tensor
  ) -> String? {
    var generator = SplitMix64(seed: seed)
    let (value, pullback) = valueWithPullback(at: repeat each inputs, of: function)
    let weights = generator.floats(value.count)
    let gradient = pullback(Tensor(weights, shape: value.shape))

    var (parameters, gradients): ([Tensor], [Tensor]) = ([], [])
    repeat parameters += (each inputs).parameters
    repeat gradients += (each gradient).parameters
    guard parameters.map(\.shape) == gradients.map(\.shape) else {
      return "gradients of shapes \(gradients.map(\.shape)) for parameters of shapes \(parameters.map(\.shape))"
    }
    guard parameters.contains(where: { $0.count > 0 }) else { return nil }

    let directions = parameters.map { generator.floats($0.count) }
    var (claimed, magnitude) = (0.0, 0.0)
    for (gradient, direction) in zip(gradients, directions) {
      for (g, d) in zip(gradient.scalars, direction) {
        claimed += Double(g) * Double(d)
        magnitude += (Double(g) * Double(d)).magnitude
      }
    }

    func weighted(_ step: Float) -> (value: Double, magnitude: Double) {
      var rest = directions[...]
      func moved<Container: ParameterContainer>(_ container: Container) -> Container {
        container.mapParameters { parameter in
          let direction = rest.removeFirst()
          return Tensor(zip(parameter.scalars, direction).map { $0 + step * $1 }, shape: parameter.shape)
        }
      }
      let moved = (repeat moved(each inputs))
      let terms = zip(function(repeat each moved).scalars, weights).map { Double($0) * Double($1) }
      return (terms.reduce(0, +), terms.reduce(0) { $0 + $1.magnitude })
    }
    func difference(_ step: Float) -> Double {
      (weighted(step).value - weighted(-step).value) / (2 * Double(step))
    }
    let measured = (4 * difference(step / 2) - difference(step)) / 3
    let tolerance = 5e-4 * magnitude + noise * 0x1p-24 * weighted(0).magnitude / Double(step)
    return (measured - claimed).magnitude <= tolerance
      ? nil : "the difference along the direction is \(measured), the gradient says \(claimed) ± \(tolerance)"
  }
}
