import CSTCore
import Foundation

/// The real model's tokenizer for tests, and where tests find files.
enum TokenizerTestModel {
  private static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Files written by Scripts/make-tokenizer-fixture.py.
  static let fixtures = packageRoot.appending(path: "Tests/Fixtures/tokenizer")

  /// The model's tokenizer; `nil` where the model was not fetched, which is an error in continuous integration.
  static func definition() throws -> TokenizerDefinition? { try cached.get() }

  private static let cached = Result<TokenizerDefinition?, any Error> {
    let environment = ProcessInfo.processInfo.environment
    let file =
      environment["CST_MODEL"].map { URL(fileURLWithPath: $0) }
      ?? packageRoot.appending(path: ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf")
    guard FileManager.default.fileExists(atPath: file.path) else {
      print("skipped: no model at \(file.path) (Scripts/fetch-model)")
      if environment["CI"] == "true" { throw ModelMissing(path: file.path) }
      return nil
    }
    return try TokenizerDefinition(GGUFFile(contentsOf: file).metadata)
  }

  private struct ModelMissing: Error {
    var path: String
  }

  /// The folder of reference numbers beside the package, or where CST_SHARED says; it is not part of the repository.
  static func shared() -> URL? {
    let environment = ProcessInfo.processInfo.environment
    let folder =
      environment["CST_SHARED"].map { URL(fileURLWithPath: $0) } ?? packageRoot.appending(path: "../shared")
    if FileManager.default.fileExists(atPath: folder.appending(path: "reference/rows.json").path) { return folder }
    print("skipped: no ../shared")
    return nil
  }

  /// The rows of a JSON-lines fixture.
  static func fixture<Row: Decodable>(_ name: String) throws -> [Row] {
    let lines = try Data(contentsOf: fixtures.appending(path: name)).split(separator: UInt8(ascii: "\n"))
    return try lines.map { try JSONDecoder().decode(Row.self, from: $0) }
  }
}
