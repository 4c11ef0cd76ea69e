import Foundation

/// A run that an earlier version's tool was killed in, and what that version made of it; see `Tests/Fixtures/checkpoints`.
public struct CheckpointFixture: Sendable {
  /// Whether the bits were recorded for this kind of machine: elsewhere a compiler may fuse the products and sums of the
  /// scalar kernels.
  public static let isForThisMachine: Bool = {
    #if arch(x86_64)
      true
    #else
      false
    #endif
  }()

  /// Where policy and data are.
  public static let folder = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/checkpoints")

  private let location: URL

  /// The fixture of a name, `labels` or `rows`.
  public init(_ name: String) { location = Self.folder.appending(path: name) }

  /// The run's folder. Copy it before going on with it.
  public var run: URL { location.appending(path: "run") }

  /// The options of `cst train` it was made with, without `--out`.
  public func options() throws -> [String] {
    try String(contentsOf: location.appending(path: "options"), encoding: .utf8).split(separator: "\n").map {
      $0.hasPrefix("Tests/") ? ReferenceFiles.packageRoot.appending(path: String($0)).path : String($0)
    }
  }

  /// Whether it is recorded what kernels of this name make of it.
  public static func hasRecord(of kernels: String) -> Bool {
    isForThisMachine
      && FileManager.default.fileExists(atPath: folder.appending(path: "rows/\(kernels).sha256").path)
  }

  /// The metrics of all twelve steps, the first six of them by the scalar kernels.
  public func metrics(kernels: String) throws -> [[String: Double]] {
    try Self.metrics(in: location.appending(path: "\(kernels).jsonl"))
  }

  /// The SHA-256 of the weights of the adapter at the end.
  public func adapterDigest(kernels: String) throws -> String {
    try String(contentsOf: location.appending(path: "\(kernels).sha256"), encoding: .utf8)
      .trimmingCharacters(in: .newlines)
  }

  /// The rows of a file of metrics, without what differs from one time to the next.
  public static func metrics(in file: URL) throws -> [[String: Double]] {
    try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
      try JSONDecoder().decode([String: Double].self, from: Data(line)).filter { $0.key != "seconds" }
    }
  }
}
