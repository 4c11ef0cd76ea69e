import Foundation

/// A folder that goes away with the object.
public final class TemporaryFolder: Sendable {
  /// Where it is.
  public let location: URL

  /// An empty folder.
  public init() throws {
    location = FileManager.default.temporaryDirectory.appending(path: "cst-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: location, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: location) }

  /// A place in the folder.
  public subscript(name: String) -> URL { location.appending(path: name) }

  /// Writes a text file and gives its path.
  public func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: self[name])
    return self[name].path
  }

  /// Names of everything in the folder, hidden files included.
  public func names() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: location.path)) }
}
