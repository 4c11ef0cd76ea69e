import Foundation

/// Where a model was read from.
public enum ModelSource: Sendable, Hashable {
  /// A GGUF file.
  case gguf(URL)
  /// A Hugging Face folder.
  case folder(URL)

  /// The file or folder.
  public var location: URL {
    switch self {
    case .gguf(let location), .folder(let location): location
    }
  }
}
