import Foundation
import TestSupport
import Testing

@testable import CSTText

struct ScalarClassesTests {
  /// Every scalar has the classes that the reference's expressions and components show for it.
  @Test func classesAreTheReferences() throws {
    let data = try Data(contentsOf: TokenizerFamilies.folder.appending(path: "scalar-classes.json"))
    let runs = try JSONDecoder().decode([[UInt32]].self, from: data)
    var differences: [String] = []
    ScalarClasses.shared.withView { classes in
      for (index, run) in runs.enumerated() {
        let end = index + 1 < runs.count ? runs[index + 1][0] : 0x110000
        for value in run[0]..<end where Unicode.Scalar(value) != nil {
          let found = classes[value].rawValue & 0xFFFF
          if found != run[1] {
            differences.append(
              "U+\(String(value, radix: 16)): \(String(found, radix: 2)), not \(String(run[1], radix: 2))")
          }
        }
      }
    }
    #expect(differences.count == 0, "\(differences.prefix(20).joined(separator: "\n"))")
  }

  /// Text is only passed over by normalisation where it cannot change: alone or after a letter or mark.
  @Test func unchangedScalarsDoNotCompose() {
    ScalarClasses.shared.withView { classes in
      for value in UInt32(0)..<0x110000 {
        // Foundation alone takes U+1176 for a vowel that composes.
        guard value != 0x1176, let scalar = Unicode.Scalar(value), !classes[value].isAny(.composing) else { continue }
        for context in ["", "e", "\u{915}", "\u{1100}", "\u{AC00}", "\u{9C7}"] {
          let text = context + String(Character(scalar))
          if !text.precomposedStringWithCanonicalMapping.unicodeScalars.elementsEqual(text.unicodeScalars) {
            Issue.record("U+\(String(value, radix: 16)) after \(context.debugDescription)")
          }
        }
      }
    }
  }
}
