import Foundation

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
