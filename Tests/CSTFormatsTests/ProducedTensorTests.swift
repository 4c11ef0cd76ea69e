import Foundation
import TestSupport
import Testing

@testable import CSTFormats

/// Files whose tensors are made while they are written, in one file or several, and folders that appear whole.
@Suite struct ProducedTensorTests {
  private struct Failure: Error {}

  /// Rows of floats, a piece a row.
  private func produced(_ name: String, rows: Int, failing: Bool = false) -> TensorData {
    TensorData(name: name, shape: [rows, 8], format: .f32) { append in
      for row in 0..<rows {
        if failing, row == rows - 1 { throw Failure() }
        try [Float](repeating: Float(row), count: 8).withUnsafeBytes { try append($0) }
      }
    }
  }

  private let expected = (0..<5).flatMap { [Float](repeating: Float($0), count: 8) }

  @Test func piecesMakeTheTensor() throws {
    let folder = try TemporaryFolder()
    try GGUFFile.write(
      tensors: [produced("a", rows: 5), TensorData(name: "b", shape: [1], floats: [7])], metadata: [:],
      to: folder["a.gguf"]
    )
    let gguf = try GGUFFile(contentsOf: folder["a.gguf"])
    #expect(try gguf.floats(named: "a") == expected)
    #expect(try gguf.floats(named: "b") == [7])
    try SafetensorsFile.write(tensors: [produced("a", rows: 5)], to: folder["a.safetensors"])
    #expect(try SafetensorsFile(contentsOf: folder["a.safetensors"]).floats(named: "a") == expected)
  }

  @Test func aTensorThatCannotBeMadeLeavesTheOlderFile() throws {
    let folder = try TemporaryFolder()
    try Data("old".utf8).write(to: folder["a.gguf"])
    try Data("old".utf8).write(to: folder["a.safetensors"])
    let tensors = [produced("a", rows: 2), produced("b", rows: 3, failing: true)]
    #expect(throws: Failure.self) { try GGUFFile.write(tensors: tensors, metadata: [:], to: folder["a.gguf"]) }
    #expect(throws: Failure.self) { try SafetensorsFile.write(tensors: tensors, to: folder["a.safetensors"]) }
    #expect(try folder.names() == ["a.gguf", "a.safetensors"])
    #expect(try String(contentsOf: folder["a.gguf"], encoding: .utf8) == "old")
  }

  // MARK: Shards

  @Test func weightsThatFitGoIntoOneFile() throws {
    let folder = try TemporaryFolder()
    let names = try SafetensorsShardWriter.write(
      tensors: [produced("a", rows: 5), produced("b", rows: 1)], limit: 192, to: folder.location)
    #expect(names == ["model.safetensors"])
    #expect(try folder.names() == ["model.safetensors"])
  }

  @Test func largerOnesAreDealtOutWithAnIndex() throws {
    let folder = try TemporaryFolder()
    let tensors = [("c", 5), ("a", 1), ("b", 2), ("d", 9)].map { produced($0, rows: $1) }
    let names = try SafetensorsShardWriter.write(tensors: tensors, limit: 192, to: folder.location)
    let shards = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
    #expect(names == shards + ["model.safetensors.index.json"])
    let index = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: folder["model.safetensors.index.json"])) as? [String: Any])
    #expect(
      index["weight_map"] as? [String: String] == ["a": shards[0], "b": shards[1], "c": shards[0], "d": shards[2]])
    let metadata = try #require(index["metadata"] as? [String: Int])
    #expect(metadata == ["total_size": 17 * 32, "total_parameters": 17 * 8])
    for (name, place) in [("a", 0), ("b", 1), ("c", 0), ("d", 2)] {
      let file = try SafetensorsFile(contentsOf: folder[shards[place]])
      #expect(file.metadata == ["format": "pt"])
      #expect(try file.floats(named: name).last == Float((name == "c" ? 5 : name == "d" ? 9 : name == "a" ? 1 : 2) - 1))
    }
  }

  // MARK: Folders

  @Test func aFolderAppearsWholeOrNotAtAll() throws {
    let folder = try TemporaryFolder()
    #expect(throws: Failure.self) {
      try AtomicFolder.write(to: folder["out"]) { new in
        try Data("half".utf8).write(to: new.appending(path: "a"))
        throw Failure()
      }
    }
    #expect(try folder.names().isEmpty)
    try AtomicFolder.write(to: folder["out"]) { try Data("whole".utf8).write(to: $0.appending(path: "a")) }
    #expect(try folder.names() == ["out"])
    #expect(try String(contentsOf: folder["out/a"], encoding: .utf8) == "whole")
  }

  @Test func aFolderWithFilesIsReplacedOnlyWhereThatIsAsked() throws {
    let folder = try TemporaryFolder()
    for name in ["out", "new"] {
      try FileManager.default.createDirectory(at: folder[name], withIntermediateDirectories: false)
      try Data(name.utf8).write(to: folder[name].appending(path: name))
    }
    #expect(throws: FormatError.self) { try AtomicFolder.write(to: folder["out"]) { _ in } }
    #expect(throws: FormatError.self) { try AtomicFolder.move(folder["new"], to: folder["out"]) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder["out"].path) == ["out"])
    try AtomicFolder.move(folder["new"], to: folder["out"], replacing: true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder["out"].path) == ["new"])
    #expect(try folder.names() == ["out"])
  }
}
