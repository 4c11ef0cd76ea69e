/// Pages that are complete in themselves, and text made safe to stand in them.
package enum HTML {
  /// A page: no scripts, no fonts, no images, nothing fetched; it follows light and dark mode.
  /// - Parameters:
  ///   - title: Plain text.
  ///   - style: Rules beside those that every page has.
  ///   - sections: The source of what follows the title, everything from outside escaped.
  package static func page(title: String, style: String = "", sections: [String]) -> String {
    let title = escape(title)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>\(title)</title>
      <style>\(Self.style)\(style)</style>
      </head>
      <body>
      <main>
      <h1>\(title)</h1>
      \(sections.joined(separator: "\n"))
      </main>
      </body>
      </html>

      """
  }

  /// The text with everything that means something in element content or in a quoted attribute written as an entity.
  /// Control characters that no page may contain become U+FFFD.
  package static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      case "\r": break
      default:
        let isControl = scalar.properties.generalCategory == .control
        escaped.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
      }
    }
    return escaped
  }
}
