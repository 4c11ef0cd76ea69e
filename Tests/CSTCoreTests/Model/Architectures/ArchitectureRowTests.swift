import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// What makes an architecture stands in its row and nowhere else, and every row has a fixture.
@Suite struct ArchitectureRowTests {
  private static let sources = ReferenceFiles.packageRoot.appending(path: "Sources")

  /// Of the code that computes with models, reads and writes them and shows them. CSTText is left out: tokenizers have names
  /// of their own, some of which are those of an architecture.
  private static let files: [(name: String, code: String)] = {
    let paths = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
    return (paths ?? []).filter { $0.pathExtension == "swift" && !$0.path.contains("/CSTText/") }.map { file in
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
      return (file.lastPathComponent, code)
    }
  }()

  @Test(arguments: ModelArchitecture.all) func namesStandInOneFile(architecture: ModelArchitecture) {
    for name in ["\"\(architecture.name)\"", "\"\(architecture.ggufName)\"", architecture.className] {
      #expect(Self.files.filter { $0.code.contains(name) }.map(\.name) == ["ModelArchitecture.swift"], "\(name)")
    }
    // As a member: `.qwen2`, and not the `.llama3` of rotary embeddings.
    let uses = Self.files.filter { $0.code.matches(of: #/\.(\w+)\b/#).contains { $0.1 == architecture.name } }
    #expect(uses.map(\.name) == [])
  }

  @Test(arguments: ModelArchitecture.all) func everyRowHasAFixture(architecture: ModelArchitecture) throws {
    let types = try ModelFixture.names.map { name in
      try JSONObject(contentsOf: ModelFixture.location(name).appending(path: "config.json")).string("model_type")
    }
    #expect(types.contains(architecture.name))
  }

  @Test func namesAreUnique() {
    let all = ModelArchitecture.all
    #expect(Set(all.map(\.name)).count == all.count && Set(all.map(\.className)).count == all.count)
    for architecture in all { #expect(ModelArchitecture.named(architecture.name) == architecture) }
  }
}
