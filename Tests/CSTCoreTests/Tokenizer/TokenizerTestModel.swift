import CSTCore
import Foundation
import Testing

/// The real model's tokenizer for tests, and where tests find files.
enum TokenizerTestModel {
  private static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Files written by Scripts/make-tokenizer-fixture.py.
  static let fixtures = packageRoot.appending(path: "Tests/Fixtures/tokenizer")

  /// The model's tokenizer; `nil` where it cannot be read. This branch has no GGUF reader yet.
  static func definition() throws -> TokenizerDefinition? {
    print("skipped: no GGUF reader in this branch")
    return nil
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
