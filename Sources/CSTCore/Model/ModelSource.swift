import Foundation

package enum ModelSource: Sendable, Hashable {
  case gguf(URL)
  case folder(URL)

  package var location: URL {
    switch self {
    case .gguf(let location), .folder(let location): location
    }
  }

  /// The files that decide what the model computes and how it is talked to: configuration, weights, tokenizer, template.
  package func files() throws -> [URL] {
    switch self {
    case .gguf(let file): return GGUFSplit.parts(of: file)
    case .folder(let location):
      let folder = try ModelFolder(location)
      let names = folder.names.filter { name in
        [".json", ".safetensors", ".jinja", ".model", ".txt"].contains(where: name.hasSuffix)
      }
      return try names.compactMap { try folder.fileIfPresent($0) }
    }
  }
}

/// What a model's files hold beside its weights, as it was when they were read. An export takes it from here and opens
/// nothing again, so that what it writes is one model whatever becomes of the files meanwhile.
enum ModelFiles: Sendable {
  case gguf(GGUFFile)
  case folder(HuggingFaceFiles)

  /// Where they are.
  var source: ModelSource {
    switch self {
    case .gguf(let file): .gguf(URL(filePath: file.mapping.path))
    case .folder(let files): .folder(files.folder.location)
    }
  }
}
