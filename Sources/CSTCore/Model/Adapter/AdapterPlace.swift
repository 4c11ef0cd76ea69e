import Foundation

/// What is at a place where an adapter is looked for, seen by names alone: what is none of PEFT's folders is told apart, with
/// the way out.
struct AdapterPlace {
  private let location: URL
  private let names: Set<String>

  private static let configurationName = "adapter_config.json"
  private static let weightsName = "adapter_model.safetensors"

  init(_ location: URL) {
    self.location = location
    names = Set((try? FileManager.default.contentsOfDirectory(atPath: location.path)) ?? [])
  }

  /// Throws where the place holds something else that can be named; anything else is the reader's to judge.
  func refuseOthers() throws(FormatError) {
    guard ModelFolder.isFolder(location) else {
      guard ["safetensors", "bin", "pt", "json"].contains(location.pathExtension.lowercased()),
        FileManager.default.fileExists(atPath: location.path)
      else { return }
      throw refusal(
        "a file of an adapter", "name the folder that it is in, \(location.deletingLastPathComponent().path)")
    }
    if names.contains(Self.weightsName) { return }
    if names.contains("adapters.safetensors") || isMLX {
      throw refusal(
        "an adapter of mlx-lm (adapters.safetensors)",
        "its factors have other names and are transposed: fuse it with mlx_lm.fuse and use the model, or convert it to "
          + "PEFT's files")
    }
    if let pickle = ["adapter_model.bin", "adapter_model.pt"].first(where: names.contains) {
      throw refusal(
        "\(pickle), weights pickled by Python",
        "loading a pickle runs whatever code is in it, so it is never opened: load the adapter with peft where it comes "
          + "from and write it with save_pretrained, which makes \(Self.weightsName)")
    }
    if names.contains(Self.configurationName) {
      guard names.contains(where: { $0.hasPrefix("adapter_model-") }) else { return }
      throw refusal("an adapter in several files", "write it as one: save_pretrained with a larger max_shard_size")
    }
    if let checkpoint = lastCheckpoint {
      throw refusal(
        "the folder of a trainer's run, with checkpoints only",
        "name the last of them, \(location.appending(path: checkpoint).path)")
    }
    let folders = names.filter { holdsAdapter($0) }.sorted()
    if let folder = folders.first {
      throw refusal(
        "a folder with \(folders.count == 1 ? "an adapter" : "\(folders.count) adapters") in it",
        "name it itself: \(location.appending(path: folder).path)")
    }
    if names.contains("config.json"), names.contains(where: { $0.hasSuffix(".safetensors") }) {
      throw refusal("a whole model", "give it as the model: it needs no adapter")
    }
    if let file = names.filter({ $0.hasSuffix(".gguf") }).min() {
      throw refusal("a folder with \(file)", "name that file itself")
    }
  }

  private var isMLX: Bool {
    guard let object = try? JSONObject(contentsOf: location.appending(path: Self.configurationName)) else {
      return false
    }
    return !object.states("peft_type") && (object.states("lora_parameters") || object.states("fine_tune_type"))
  }

  /// The checkpoint with the highest number.
  private var lastCheckpoint: String? {
    names.compactMap { name in name.wholeMatch(of: /checkpoint-([0-9]+)/).flatMap { Int($0.1) }.map { ($0, name) } }
      .filter { holdsAdapter($0.1) }.max { $0.0 < $1.0 }?.1
  }

  private func holdsAdapter(_ name: String) -> Bool {
    let file = location.appending(path: name).appending(path: Self.configurationName)
    return FileManager.default.fileExists(atPath: file.path)
  }

  private func refusal(_ found: String, _ advice: String) -> FormatError {
    FormatError(
      .badMagic, file: location.path,
      expected: "an adapter's folder with \(Self.configurationName) and \(Self.weightsName), or a .gguf file",
      found: found, advice: advice)
  }
}
