import Foundation
import TestSupport

@testable import CSTCore

/// A tiny model that transformers wrote, with what transformers and peft make of it; see `Tests/Fixtures/models`.
struct ModelFixture {
  /// Every folder of fixtures.
  static let names =
    (try? ModelFolder(ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/models")))?.names
    .filter { $0 != "README.md" } ?? []

  /// Ids and numbers of `reference.json`.
  struct Reference: Decodable {
    let prompt: [Int32]
    let chosen: [Int32]
    let rejected: [Int32]
    let greedy: [Int32]
    let logProbabilities: [Double]
  }

  let folder: URL
  let reference: Reference
  let tensors: SafetensorsFile

  static func location(_ name: String) -> URL {
    ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/models/\(name)")
  }

  init(_ name: String) throws {
    folder = Self.location(name)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    reference = try decoder.decode(Reference.self, from: Data(contentsOf: folder.appending(path: "reference.json")))
    tensors = try SafetensorsFile(contentsOf: folder.appending(path: "reference.safetensors"))
  }

  func transformer() throws -> Transformer { try HuggingFaceModel(contentsOf: folder).transformer() }

  func adapter(for transformer: Transformer) throws -> LoRAAdapter {
    try LoRAAdapter(contentsOf: folder.appending(path: "adapter"), for: transformer.configuration)
  }
}

extension Transformer {
  /// The logits after every token of a sequence, by the path of training and scoring.
  func logits(_ tokens: [Int32], adaptation: Adaptation? = nil) -> Tensor {
    var sequences = PackedSequences()
    sequences.append(prefixLength: tokens.count)
    return hiddenStates(
      tokens: tokens, rotaryRows: rotary.rows(of: sequences), adaptation: adaptation, precision: .f32
    ) { layer, queries, keys, values in
      queries.attention(
        keys: keys, values: values, heads: configuration.heads, over: sequences,
        window: configuration.window(layer: layer))
    }.linear(head)
  }

  /// Greedily decoded tokens through a cache, the prompt in pieces.
  func greedy(after prompt: [Int32], count: Int) -> [Int32] {
    let cache = KeyValueCache(configuration: configuration, capacity: 4)
    var (tokens, pending): ([Int32], [Int32]) = ([], Array(prompt.dropFirst(5)))
    _ = advance([(Array(prompt.prefix(5)), cache)], adaptation: nil, precision: .f32)
    while tokens.count < count {
      let hidden = advance([(pending, cache)], adaptation: nil, precision: .f32)
      tokens.append(hidden.linear(head).largestIndex)
      pending = [tokens[tokens.count - 1]]
    }
    return tokens
  }

  /// Greedily decoded tokens, everything computed anew for each.
  func greedyByRecomputation(after prompt: [Int32], count: Int) -> [Int32] {
    var tokens = prompt
    for _ in 0..<count {
      tokens.append(logits(tokens).rows(at: [tokens.count - 1]).largestIndex)
    }
    return Array(tokens.dropFirst(prompt.count))
  }
}

extension Tensor {
  var largestIndex: Int32 {
    let values = scalars
    return Int32(values.indices.max { values[$0] < values[$1] } ?? 0)
  }

  /// The largest difference to other numbers, element by element; infinite where there are not as many.
  func largestDifference(to other: [Float]) -> Float {
    guard count == other.count else { return .infinity }
    return zip(scalars, other).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }
}
