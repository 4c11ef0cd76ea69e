import Foundation

/// The tensors of a model in one safetensors file or in several with an index, as Hugging Face folders have them.
///
/// `model.safetensors` where the folder has it; otherwise the files that `model.safetensors.index.json` names. Every
/// tensor must be in the file that the index says, exactly once.
package struct SafetensorsShards: Sendable {
  package let files: [SafetensorsFile]
  private let places: [String: Int]

  private static let singleName = "model.safetensors"
  private static let indexName = "model.safetensors.index.json"
  /// Endings of the files in which Python pickles weights.
  private static let pickleEndings = [".bin", ".pt", ".pth", ".pkl", ".ckpt"]

  package init(of folder: ModelFolder) throws {
    if let file = try folder.fileIfPresent(Self.singleName) {
      files = [try SafetensorsFile(contentsOf: file)]
      places = Dictionary(uniqueKeysWithValues: files[0].tensors.map { ($0.name, 0) })
      return
    }
    guard let index = try folder.fileIfPresent(Self.indexName) else { throw Self.nothing(in: folder) }
    let stated = try Self.weightMap(index)
    let names = Set(stated.values).sorted()
    var files: [SafetensorsFile] = []
    for name in names { files.append(try SafetensorsFile(contentsOf: folder.file(name))) }
    var places: [String: Int] = [:]
    for (number, file) in files.enumerated() {
      for tensor in file.tensors {
        guard stated[tensor.name] == names[number] else {
          throw FormatError(
            stated[tensor.name] == nil ? .badValue : .duplicate, file: file.mapping.path, at: .tensor(tensor.name),
            expected: stated[tensor.name].map { "it in \($0) only" } ?? "a tensor that \(Self.indexName) lists",
            found: "it in \(names[number])")
        }
        places[tensor.name] = number
      }
    }
    if let missing = stated.keys.filter({ places[$0] == nil }).min() {
      throw FormatError(
        .missing, file: folder.location.appending(path: stated[missing] ?? "").path, at: .tensor(missing),
        expected: "the tensor that \(Self.indexName) says is here", found: "no such tensor")
    }
    self.files = files
    self.places = places
  }

  package var tensorNames: [String] { Array(places.keys) }

  /// The tensor called `name` with the file it is in, or nil where none has it.
  package func tensorIfPresent(named name: String) -> (file: SafetensorsFile, tensor: SafetensorsTensor)? {
    guard let place = places[name], let tensor = files[place].tensorIfPresent(named: name) else { return nil }
    return (files[place], tensor)
  }

  /// The file of each tensor.
  private static func weightMap(_ index: URL) throws -> [String: String] {
    let object = try JSONObject(contentsOf: index)
    guard let map = try object.objectIfPresent("weight_map"), !map.keys.isEmpty else {
      throw object.error("weight_map", expected: "the file of every tensor")
    }
    let places = try map.members.filter { $0.value != .null }.map {
      ($0.key, try $0.value.string ?? map.string($0.key))
    }
    // Keys are told apart by bytes; tensors are found by texts, for which two spellings of a character are one.
    return Dictionary(places) { $1 }
  }

  private static func nothing(in folder: ModelFolder) -> FormatError {
    let names = folder.names
    let others = names.filter { $0.hasSuffix(".safetensors") }
    let expected = "\(singleName) or \(indexName)"
    func missing(_ found: String, _ advice: String) -> FormatError {
      FormatError(.missing, file: folder.location.path, expected: expected, found: found, advice: advice)
    }
    if let shard = others.first(where: { $0.contains(/-[0-9]+-of-[0-9]+\.safetensors$/) }) {
      let count = others.count { $0.contains(/-[0-9]+-of-[0-9]+\.safetensors$/) }
      return missing(
        "\(count) \(count == 1 ? "shard" : "shards") such as \(shard), but not the index that says which tensor is in which",
        "fetch \(indexName) from where the shards are from")
    }
    if others == ["adapter_model.safetensors"] || names.contains("adapter_config.json") {
      return missing("an adapter", "give it as the adapter, and its base model as the model")
    }
    if let other = others.first {
      return missing(other, "a model's weights are looked for under the usual name: rename the file to \(singleName)")
    }
    guard let pickled = names.first(where: { name in pickleEndings.contains(where: name.hasSuffix) }) else {
      return missing("neither", "")
    }
    return missing(
      "\(pickled), weights pickled by Python",
      "loading a pickle runs whatever code is in it, so it is never opened: convert the model to safetensors")
  }
}
