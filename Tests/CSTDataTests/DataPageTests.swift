import CSTCore
import CSTData
import Foundation
import TestSupport
import Testing

/// The data that Docs/Data.md shows is data that can be read.
@Suite struct DataPageTests {
  /// The contents of the page's ```json blocks.
  private static func blocks() throws -> [String] {
    let page = try String(contentsOf: ReferenceFiles.packageRoot.appending(path: "Docs/Data.md"), encoding: .utf8)
    return page.components(separatedBy: "```json\n").dropFirst().compactMap { rest in
      rest.components(separatedBy: "\n```").first
    }
  }

  @Test func policyAndRowsCanBeRead() throws {
    let blocks = try Self.blocks()
    try #require(blocks.count == 2)
    let policy = try JSONDecoder().decode(SafetyPolicy.self, from: Data(blocks[0].utf8))
    let rows = try [PreferencePair](json: Data(blocks[1].utf8), from: URL(filePath: "Docs/Data.md"))
    #expect(rows.count == 5)
    #expect(try rows.map { try [$0].configured(by: policy).count } == [2, 2, 1, 1, 1])
    #expect(rows.map(\.isNeutral) == [false, true, false, false, false])
  }
}
