import Foundation

/// Where tests find what is not in the repository: the model file and the reference numbers.
public enum ReferenceFiles {
  /// The package's root folder.
  public static let packageRoot = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// SmolLM2-135M-Instruct, fetched by `Scripts/fetch-model`; `CST_MODEL` overrides the place.
  public static let model: URL? = existing(
    ProcessInfo.processInfo.environment["CST_MODEL"].map { URL(filePath: $0) }
      ?? packageRoot.appending(path: ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf"))

  /// The folder `shared` beside the repository; `CST_SHARED` overrides the place.
  public static let shared: URL? = {
    let folder =
      ProcessInfo.processInfo.environment["CST_SHARED"].map { URL(filePath: $0) }
      ?? packageRoot.deletingLastPathComponent().appending(path: "shared")
    return existing(folder.appending(path: "reference/rows.json")) == nil ? nil : folder
  }()

  private static func existing(_ place: URL) -> URL? {
    FileManager.default.fileExists(atPath: place.path) ? place : nil
  }
}
