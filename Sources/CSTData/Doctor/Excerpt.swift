extension String {
  /// The start of the text on one line, for a message: white space becomes single spaces, control and direction
  /// characters `·`.
  ///
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
