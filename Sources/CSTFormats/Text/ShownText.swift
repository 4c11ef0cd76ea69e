import Foundation

extension String {
  /// The start of the text on one line, for a message: white space becomes single spaces, control and direction
  /// characters `·`.
  /// - Complexity: O(`limit`).
  package func excerpt(_ limit: Int = 48) -> String {
    var result = ""
    var count = 0
    var isSpace = true
    for character in self {
      if count >= limit { return result + "…" }
      if character.isWhitespace {
        if !isSpace { result.append(" ") }
        isSpace = true
      } else {
        let isHidden = character.unicodeScalars.contains {
          $0.properties.generalCategory == .control || $0.properties.isBidiControl
        }
        result.append(isHidden ? "·" : character)
        isSpace = false
      }
      count += 1
    }
    return isSpace && !result.isEmpty ? String(result.dropLast()) : result
  }
}

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
