import Foundation

/// The weights of a model in a folder: one safetensors file, or several with an index, under the names `transformers`
/// gives them.
package enum SafetensorsShardWriter {
  /// What `transformers` calls weights that are in one file.
  package static let singleName = "model.safetensors"
  /// What it calls the list of files otherwise.
  package static let indexName = "model.safetensors.index.json"

  /// Writes `tensors` as `model.safetensors`, or as `model-00001-of-0000N.safetensors` and so on with
  /// `model.safetensors.index.json`, written last.
  /// - Parameters:
  ///   - tensors: In the order in which they are dealt out.
  ///   - limit: Most bytes of tensors in a file; a tensor that is larger gets a file of its own.
  ///   - folder: Where to; each file is written as ``AtomicFile`` does.
  /// - Returns: The names of the files.
  @discardableResult package static func write(tensors: [TensorData], limit: Int, to folder: URL) throws -> [String] {
    let shards = deal(tensors, limit: limit)
    if shards.count <= 1 {
      try SafetensorsFile.write(tensors: tensors, metadata: metadata, to: folder.appending(path: singleName))
      return [singleName]
    }
    let names = shards.indices.map { "model-\(padded($0 + 1))-of-\(padded(shards.count)).safetensors" }
    for (name, shard) in zip(names, shards) {
      try SafetensorsFile.write(tensors: shard, metadata: metadata, to: folder.appending(path: name))
    }
    let places = zip(names, shards).flatMap { name, shard in shard.map { ($0.name, name) } }
    let index = JSONValue.object([
      "metadata": [
        "total_parameters": .integer(tensors.reduce(0) { $0 + $1.shape.reduce(1, *) }),
        "total_size": .integer(tensors.reduce(0) { $0 + $1.byteCount }),
      ],
      "weight_map": .object(JSONMembers(places.sorted { $0.0 < $1.0 }.map { ($0, .string($1)) })),
    ])
    try AtomicFile.write(Data((index.indentedText + "\n").utf8), to: folder.appending(path: indexName))
    return names + [indexName]
  }

  /// `transformers` looks for this entry.
  private static let metadata = ["format": "pt"]

  private static func deal(_ tensors: [TensorData], limit: Int) -> [[TensorData]] {
    require(limit > 0, "a shard holds at least one byte, not \(limit)")
    var shards: [[TensorData]] = []
    var size = 0
    for tensor in tensors {
      if shards.isEmpty || size + tensor.byteCount > limit {
        shards.append([])
        size = 0
      }
      shards[shards.count - 1].append(tensor)
      size += tensor.byteCount
    }
    return shards
  }

  private static func padded(_ number: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
