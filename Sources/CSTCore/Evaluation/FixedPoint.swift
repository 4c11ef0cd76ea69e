import Foundation

/// Numbers as reports print them, the same in every locale.
package enum FixedPoint {
  /// The number with a fixed count of decimals and a point, `–` for what is not finite.
  package static func text(_ number: Double, decimals: Int) -> String {
    guard number.isFinite else { return "–" }
    let text = String(format: "%.\(decimals)f", number)
    // "-0.00" is a rounding artefact.
    return text.hasPrefix("-") && !text.contains { "123456789".contains($0) } ? String(text.dropFirst()) : text
  }

  /// A share in whole percent with one decimal: `93.3 %`.
  package static func percent(_ share: Double) -> String { "\(text(100 * share, decimals: 1)) %" }
}
