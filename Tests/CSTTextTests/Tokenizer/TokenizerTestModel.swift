import CSTCore
import Foundation
import TestSupport
import Testing

/// The real model's tokenizer for tests, and where tests find files.
enum TokenizerTestModel {
  /// Files written by Scripts/make-tokenizer-fixture.py.
  static let fixtures = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/tokenizer")

  /// The model's tokenizer; for tests that need the model.
  static func definition() throws -> TokenizerDefinition { try #require(cached).get() }

  private static let cached = ReferenceFiles.model.map { file in
    Result { try TokenizerDefinition(GGUFFile(contentsOf: file).metadata) }
  }

  /// Tokenizers that a property must hold for: one of the tests', and the model's where the model was fetched.
  static func tokenizers(beside own: Tokenizer) throws -> [Tokenizer] {
    try [own] + (cached.map { [try Tokenizer($0.get())] } ?? [])
  }

  /// The rows of a JSON-lines fixture.
  static func fixture<Row: Decodable>(_ name: String) throws -> [Row] {
    let lines = try Data(contentsOf: fixtures.appending(path: name)).split(separator: UInt8(ascii: "\n"))
    return try lines.map { try JSONDecoder().decode(Row.self, from: $0) }
  }
}
