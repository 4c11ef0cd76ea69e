import CSTFormats
import Foundation
import TestSupport
import Testing

/// Models in several files, files that stand for others, and folders that are not whole.
@Suite struct SplitGGUFTests {
  private static let files = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/inputs/files")

  @Test func isReadFromItsFirstPart() throws {
    let file = try GGUFFile(contentsOf: Self.files.appending(path: "m-00001-of-00002.gguf"))
    #expect(file.parts.count == 2 && file.tensors.count == 20)
    let late = try file.tensor(named: "blk.1.attn_norm.weight")
    #expect(file.mapping(of: late).path.hasSuffix("m-00002-of-00002.gguf"))
    #expect(try file.floats(named: "blk.1.attn_norm.weight").count == 32)
    #expect(file.bytes(of: late).count == 128)
  }

  @Test func anotherPartNamesTheFirst() throws {
    FormatFixtures.expectError(.badValue, naming: "m-00001-of-00002.gguf", "part 2") {
      _ = try GGUFFile(contentsOf: Self.files.appending(path: "m-00002-of-00002.gguf"))
    }
  }

  @Test func partsThatAreMissingOrRenamedAreSaidSo() throws {
    let folder = try TemporaryFolder()
    let first = Self.files.appending(path: "m-00001-of-00002.gguf")
    try FileManager.default.copyItem(at: first, to: folder["n-00001-of-00002.gguf"])
    FormatFixtures.expectError(.missing, naming: "n-00002-of-00002.gguf") {
      _ = try GGUFFile(contentsOf: folder["n-00001-of-00002.gguf"])
    }
    try FileManager.default.copyItem(at: first, to: folder["n-00002-of-00002.gguf"])
    FormatFixtures.expectError(.badValue, naming: "another split") {
      _ = try GGUFFile(contentsOf: folder["n-00001-of-00002.gguf"])
    }
    try FileManager.default.copyItem(at: first, to: folder["model.gguf"])
    FormatFixtures.expectError(.badValue, naming: "another name") { _ = try GGUFFile(contentsOf: folder["model.gguf"]) }
  }

  @Test func filesOfOtherKindsAreNamed() throws {
    FormatFixtures.expectError(.badMagic, naming: "Git LFS pointer", "git lfs pull") {
      _ = try SafetensorsFile(contentsOf: Self.files.appending(path: "lfs/model.safetensors"))
    }
    let folder = try TemporaryFolder()
    for (name, start, part) in [
      ("page", "<!DOCTYPE html><html><head>", "a web page"), ("zip", "PK\u{3}\u{4}........", "a zip archive"),
      ("parquet", "PAR1............", "a Parquet file"),
    ] {
      _ = try folder.file("\(name).gguf", start)
      FormatFixtures.expectError(.badMagic, naming: part) { _ = try GGUFFile(contentsOf: folder["\(name).gguf"]) }
      FormatFixtures.expectError(.badMagic, naming: part) {
        _ = try JSONReader.value(of: MappedFile(contentsOf: folder["\(name).gguf"]))
      }
    }
  }

  @Test func shardsWithoutAnIndexAreSaidSo() throws {
    FormatFixtures.expectError(.missing, naming: "2 shards", "model.safetensors.index.json") {
      _ = try SafetensorsShards(of: ModelFolder(Self.files.appending(path: "noindex")))
    }
  }

  @Test(arguments: [
    (#"{"a": NaN}"#, 1, 7, "no such number"), ("{\n \"a\": 1\n \"b\": 2}", 3, 2, "',' or '}'"),
    (#"{"é": 1 2}"#, 1, 9, "',' or '}'"), (#"{"a": 1, "a": 2}"#, 1, 13, "again"), ("[1, 2", 1, 6, "cut"),
    (#"{"a": "x"#, 1, 9, "the end"), ("", 1, 1, "the end"),
  ])
  func mistakesInJSONHaveALineAndAColumn(text: String, line: Int, column: Int, part: String) throws {
    let error = #expect(throws: JSONSyntaxError.self) {
      try Array(text.utf8).withUnsafeBytes { try JSONSyntaxError.value(of: $0) }
    }
    #expect(error?.line == line && error?.column == column, "\(String(describing: error))")
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
  }

  @Test func aByteOrderMarkIsNoJSON() throws {
    let bytes = [0xEF, 0xBB, 0xBF] + Array("{\"a\": 1}".utf8)
    #expect(try bytes.withUnsafeBytes { try JSONSyntaxError.value(of: $0) } == ["a": 1])
  }
}
