import Foundation
import TestSupport

@testable import CSTCore

/// A copy of a model fixture that tests may damage.
struct MutableModelFolder {
  private let folder: TemporaryFolder
  var location: URL { folder.location }

  init(_ name: String) throws {
    folder = try TemporaryFolder()
    let source = ModelFixture.location(name)
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) where !file.hasPrefix("reference") {
      try FileManager.default.copyItem(at: source.appending(path: file), to: folder[file])
    }
  }

  subscript(name: String) -> URL { folder[name] }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: folder[name]) }

  func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder[name]) }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: folder[name].path, withDestinationPath: target)
  }

  func json(_ name: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: folder[name]))
  }

  /// Changes members of a JSON file; `nil` removes one.
  func change(_ name: String, _ members: [String: JSONValue?]) throws {
    guard case .object(var object) = try json(name) else { return }
    for (key, value) in members { object[key] = value }
    try JSONEncoder().encode(JSONValue.object(object)).write(to: folder[name])
  }

  func changeConfiguration(_ members: [String: JSONValue?]) throws { try change("config.json", members) }

  /// Writes a safetensors file again with other tensors.
  func rewrite(_ name: String, _ change: (inout [TensorData]) throws -> Void) throws {
    let file = try SafetensorsFile(contentsOf: folder[name])
    var tensors = try file.tensors.map { tensor in
      TensorData(name: tensor.name, shape: tensor.shape, floats: try file.floats(named: tensor.name))
    }
    try change(&tensors)
    try SafetensorsFile.write(tensors: tensors, metadata: [:], to: folder[name])
  }

  /// Reads everything but the tokenizer.
  @discardableResult func transformer() throws -> Transformer {
    try HuggingFaceModel(contentsOf: location).transformer()
  }
}
