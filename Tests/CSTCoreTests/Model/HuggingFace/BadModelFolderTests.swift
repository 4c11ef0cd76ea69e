import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Folders that are damaged, incomplete or hostile: a typed error that names file and place, never a trap.
@Suite struct BadModelFolderTests {
  private func refusal(of folder: MutableModelFolder) throws -> FormatError {
    try #require(#expect(throws: FormatError.self) { try folder.transformer() })
  }

  // MARK: Files

  @Test func noConfiguration() throws {
    let folder = try MutableModelFolder("llama")
    try folder.remove("config.json")
    #expect(try refusal(of: folder).expected.contains("config.json"))
    try folder.write("model-q8.gguf", "GGUF")
    #expect(try refusal(of: folder).advice.contains("model-q8.gguf"))
  }

  @Test(arguments: ["pytorch_model.bin", "consolidated.00.pth", "model.pt"]) func pickles(name: String) throws {
    let folder = try MutableModelFolder("llama")
    try folder.remove("model.safetensors")
    try folder.write(name, "x")
    let error = try refusal(of: folder)
    #expect(
      error.found.contains(name) && error.advice.contains("runs whatever code") && error.advice.contains("safetensors"))
  }

  @Test func noWeights() throws {
    let folder = try MutableModelFolder("llama")
    try folder.remove("model.safetensors")
    #expect(try refusal(of: folder).reason == .missing)
  }

  @Test func missingShard() throws {
    let folder = try MutableModelFolder("qwen2")
    try folder.remove("model-00002-of-00003.safetensors")
    let error = try refusal(of: folder)
    #expect(error.reason == .missing && error.expected.contains("model-00002-of-00003.safetensors"))
  }

  /// The target exists and is a good safetensors file: the name alone is what is wrong.
  @Test(arguments: [
    "../outside.safetensors", "/etc/hostname", "sub/model.safetensors", "..", ".", "", "a\\b", "x\u{0}y",
  ])
  func pathTricks(name: String) throws {
    let folder = try MutableModelFolder("qwen2")
    try folder.change(
      "model.safetensors.index.json", ["weight_map": .object(["model.norm.weight": .string(name)])])
    let error = try refusal(of: folder)
    #expect(error.reason == .badValue && error.found.contains("another path"))
  }

  @Test func linksOutOfTheFolder() throws {
    let outside = try TemporaryFolder()
    for name in ["model-00002-of-00003.safetensors", "config.json"] {
      let folder = try MutableModelFolder("qwen2")
      try FileManager.default.moveItem(at: folder[name], to: outside[name])
      try folder.link(name, to: outside[name].path)
      let error = try refusal(of: folder)
      #expect(error.found.contains(name) && error.found.contains("link"))
      try folder.remove(name)
      // Links within the folder are fine.
      try FileManager.default.moveItem(at: outside[name], to: folder["elsewhere"])
      try folder.link(name, to: "elsewhere")
      try folder.transformer()
    }
  }

  /// The download cache keeps files under their digests and links to them.
  @Test func hubCache() throws {
    let cache = try TemporaryFolder()
    let (blobs, snapshot) = (cache["blobs"], cache["snapshots"].appending(path: "abc"))
    for folder in [blobs, snapshot] {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    for name in ["config.json", "model.safetensors"] {
      let source = ModelFixture.location("llama").appending(path: name)
      try FileManager.default.copyItem(at: source, to: blobs.appending(path: "digest-\(name)"))
      try FileManager.default.createSymbolicLink(
        atPath: snapshot.appending(path: name).path, withDestinationPath: "../../blobs/digest-\(name)")
    }
    _ = try HuggingFaceModel(contentsOf: snapshot).transformer()
  }

  // MARK: Tensors

  @Test func tensorsMustBeWhereTheIndexSays() throws {
    let index = "model.safetensors.index.json"
    let fixture = try MutableModelFolder("qwen2")
    guard case .object(let root) = try fixture.json(index), case .object(let map)? = root["weight_map"] else {
      Issue.record("the index has no weight_map")
      return
    }
    let norm = "model.norm.weight"
    let home = try #require(map[norm]?.string)
    let other = try #require(map.compactMap(\.value.string).first { $0 != home })
    func indexError(_ change: (inout JSONMembers) -> Void) throws -> FormatError {
      let folder = try MutableModelFolder("qwen2")
      var map = map
      change(&map)
      try folder.change(index, ["weight_map": .object(map)])
      return try refusal(of: folder)
    }
    #expect(try indexError { $0[norm] = .string(other) }.place == .tensor(norm))
    #expect(try indexError { $0[norm] = nil }.place == .tensor(norm))
    #expect(try indexError { $0["model.extra"] = .string(home) }.place == .tensor("model.extra"))
    #expect(try indexError { $0[norm] = .integer(3) }.reason == .wrongType)
    let twice = try MutableModelFolder("qwen2")
    try twice.rewrite(other) {
      $0.append(TensorData(name: norm, shape: [32], floats: [Float](repeating: 1, count: 32)))
    }
    let error = try refusal(of: twice)
    #expect(error.reason == .duplicate && error.place == .tensor(norm))
  }

  @Test func repeatedKeysInTheIndex() throws {
    let folder = try MutableModelFolder("qwen2")
    try folder.write("model.safetensors.index.json", #"{"weight_map":{"a":"x","a":"y"}}"#)
    #expect(try refusal(of: folder).reason == .duplicate)
  }

  @Test func tensorsMustBeThoseOfTheModel() throws {
    let (name, up) = ("model.safetensors", "model.layers.1.mlp.up_proj.weight")
    func tensorError(_ change: (inout [TensorData]) throws -> Void) throws -> FormatError {
      let folder = try MutableModelFolder("llama")
      try folder.rewrite(name, change)
      return try refusal(of: folder)
    }
    #expect(try tensorError { $0.removeAll { $0.name == up } }.place == .tensor(up))
    let extra = TensorData(name: "model.layers.0.self_attn.sinks", shape: [2], floats: [0, 0])
    #expect(try tensorError { $0.append(extra) }.place == .tensor(extra.name))
    let wide = TensorData(name: up, shape: [32, 48], floats: [Float](repeating: 0, count: 32 * 48))
    let shape = try tensorError { tensors in
      tensors.removeAll { $0.name == up }
      tensors.append(wide)
    }
    #expect(shape.place == .tensor(up) && shape.expected.contains("[48, 32]") && shape.found.contains("[32, 48]"))
    let frequencies = TensorData(
      name: "model.layers.0.self_attn.rotary_emb.inv_freq", shape: [4], floats: [1, 2, 3, 4])
    let folder = try MutableModelFolder("llama")
    try folder.rewrite(name) { $0.append(frequencies) }
    try folder.transformer()
  }

  @Test func storedHeadOfATiedModel() throws {
    for isSame in [true, false] {
      let folder = try MutableModelFolder("llama")
      let file = try SafetensorsFile(contentsOf: folder["model.safetensors"])
      var values = try file.floats(named: "model.embed_tokens.weight")
      if !isSame { values[5] += 1 }
      try folder.rewrite("model.safetensors") {
        $0.append(TensorData(name: "lm_head.weight", shape: [272, 32], floats: values))
      }
      if isSame {
        #expect(try folder.transformer().isHeadTied)
      } else {
        #expect(try refusal(of: folder).place == .tensor("lm_head.weight"))
      }
    }
  }

  @Test func otherElementTypes() throws {
    let folder = try MutableModelFolder("llama")
    // The same bytes called whole numbers: names of element types in the header are as long.
    var data = try Data(contentsOf: folder["model.safetensors"])
    let header = try #require(data.range(of: Data(#""F32""#.utf8)))
    data.replaceSubrange(header, with: Data(#""I32""#.utf8))
    try data.write(to: folder["model.safetensors"])
    let error = try refusal(of: folder)
    #expect(error.reason == .unsupportedType && error.found == "I32")
  }
}
