/// A wording of a configuration with places that are filled anew each time it is drawn: `{topics}`, say, with one of the texts
/// that the policy's `slots` give for `topics`.
///
/// A few dozen templates say a configuration in many thousands of ways, so that what they have in common is learnt, and not
/// their texts. Templates of two configurations that stand at the same position are drawn together and filled alike: where they
/// differ in what they ask for only, that is what tells the configurations apart.
enum WordingTemplate {
  /// The names of the places, in their order.
  static func places(in template: String) -> [String] {
    var names: [String] = []
    var rest = template[...]
    while let open = rest.firstIndex(of: "{") {
      rest = rest[rest.index(after: open)...]
      guard let close = rest.firstIndex(of: "}") else { break }
      names.append(String(rest[..<close]))
      rest = rest[rest.index(after: close)...]
    }
    return names
  }

  /// The template with every place filled; one of the same name twice gets two draws.
  static func filled(
    _ template: String, from slots: [String: [String]], using generator: inout SeededGenerator
  ) -> String {
    var filled = ""
    var rest = template[...]
    for name in places(in: template) {
      guard let place = rest.firstRange(of: "{\(name)}"), let texts = slots[name], !texts.isEmpty else { continue }
      filled += rest[..<place.lowerBound] + texts[generator.uniform(below: texts.count)]
      rest = rest[place.upperBound...]
    }
    return filled + rest
  }

  /// What is wrong with a template, or `nil`.
  static func problem(with template: String, slots: [String: [String]]) -> String? {
    if template.allSatisfy(\.isWhitespace) { return "is empty; remove it" }
    guard let unknown = places(in: template).first(where: { slots[$0] == nil }) else { return nil }
    return "has the place {\(unknown)}, which is not in \"slots\": \(PreferenceError.list(slots.keys.sorted()))"
  }
}

extension SafetyConfiguration {
  /// Every wording that training may draw, of templates some fillings.
  package func sampleWordings(from slots: [String: [String]], fillings: Int = 4) -> [String] {
    var generator = SeededGenerator(seed: 0)
    return wordings
      + paraphraseTemplates.flatMap { template in
        (0..<fillings).map { _ in WordingTemplate.filled(template, from: slots, using: &generator) }
      }
  }
}
