import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Damaged and hostile Hugging Face folders are read or refused: no trap, no hang, no memory on a file's word, nothing
/// opened outside the folder. Each test runs in a process of its own.
@Suite(.serialized) struct MalformedFolderTests {
  static let files = [
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json",
  ]

  @Test(arguments: files) func alteredJSON(file: String) async {
    await #expect(processExitsWith: .success) { [file] in
      let folder = try MalformedFolderTests.copy()
      let original = try Data(contentsOf: folder[file])
      var probe = try await MutantProbe(model: folder.location, altering: folder[file])
      for (content, label) in try JSONMutants(of: original) { try await probe.open(content, "\(file): \(label)") }
      #expect(probe.refused > 100)
      probe.checkMemory()
    }
  }

  @Test func alteredSafetensorsHeaders() async {
    await #expect(processExitsWith: .success) {
      let folder = try MalformedFolderTests.copy()
      let name = try #require(try folder.names().filter { $0.hasSuffix(".safetensors") }.sorted().first)
      let bytes = [UInt8](try Data(contentsOf: folder[name]))
      let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      var probe = try await MutantProbe(model: folder.location, altering: folder[name])
      for count in 0..<(8 + length) { try await probe.open(Array(bytes[..<count]), "\(count) bytes") }
      for (header, label) in try JSONMutants(of: Data(bytes[8..<8 + length])) {
        let size = withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init)
        try await probe.open(size + header + bytes[(8 + length)...], label)
      }
      #expect(probe.refused > 2000)
      probe.checkMemory()
    }
  }

  /// A copy of a model of two shards.
  private static func copy() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let fixture = ModelFixture.location("qwen2")
    for file in try FileManager.default.contentsOfDirectory(at: fixture, includingPropertiesForKeys: nil) {
      try FileManager.default.copyItem(at: file, to: folder[file.lastPathComponent])
    }
    return folder
  }
}
