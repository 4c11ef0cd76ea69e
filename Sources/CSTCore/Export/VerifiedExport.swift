import Foundation

/// Exports a model, reads the files back, and gives them their name only if they replay as they should.
///
///     let outcome = try await VerifiedExport(export, replay: replay).write(to: url)
///     guard outcome.report.isWithinTolerance else { … }      // outcome.location says where the files are
///
/// Until then they have a hidden name beside it. Files that do not replay within the tolerance are kept for looking at,
/// as `NAME.failed.gguf` or `NAME.failed`, and whatever had the name before has it still.
public struct VerifiedExport: Sendable {
  private let export: ModelExport
  private let replay: ExportReplay
  private let tolerance: Double
  private let switchTolerance: Double
  private let sources: [URL]

  /// What an export came to.
  public struct Outcome: Sendable, Hashable {
    /// How far it is from the model in memory.
    public let report: ReplayReport
    /// Where the files are.
    public let location: URL
  }

  /// - Parameter export: What is written.
  /// - Parameter replay: The answers that are scored before and after.
  /// - Parameter tolerance: The largest change for each token that is allowed, in nats; by the format where `nil`.
  /// - Parameter switchTolerance: By how much switch accuracy may fall, as a share of 1.
  /// - Parameter adapter: The file or folder that the model's adapter was read from, which is never replaced.
  public init(
    _ export: ModelExport, replay: ExportReplay, tolerance: Double? = nil,
    switchTolerance: Double = ReplayReport.usualSwitchTolerance, adapter: URL? = nil
  ) {
    self.export = export
    self.replay = replay
    self.tolerance = tolerance ?? export.format.replayTolerance
    self.switchTolerance = switchTolerance
    sources = [export.model.source.location] + [adapter].compactMap { $0 }
  }

  /// Looks whether `url` can be written; nothing is changed.
  /// - Parameter replacing: Whether an older export there may be replaced. A folder may only if all that is in it are files
  ///   an export writes: anything else would be lost. The model that is exported and its adapter never may, nor a link.
  package func check(_ url: URL, replacing: Bool) throws {
    func refuse(expected: String, found: String, advice: String = "") -> FormatError {
      FormatError(.unwritable, file: url.path, expected: expected, found: found, advice: advice)
    }
    let (manager, parent) = (FileManager.default, url.standardizedFileURL.deletingLastPathComponent())
    var isFolder: ObjCBool = false
    guard manager.fileExists(atPath: parent.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw refuse(expected: "a folder \(parent.path) to write in", found: "none")
    }
    guard manager.fileExists(atPath: url.path, isDirectory: &isFolder) else { return }
    guard !sources.map(Self.place).contains(Self.place(url)) else {
      throw refuse(
        expected: "another name than that of the model and its adapter", found: "what is to be exported",
        advice: "name another file or folder")
    }
    if (try? manager.destinationOfSymbolicLink(atPath: url.path)) != nil {
      throw refuse(expected: "a name that is no link", found: "a link", advice: "name the place it leads to")
    }
    guard isFolder.boolValue == export.format.isFolder else {
      throw refuse(
        expected: export.format.isFolder ? "a folder or nothing of that name" : "a file or nothing of that name",
        found: isFolder.boolValue ? "a folder" : "a file")
    }
    let names = isFolder.boolValue ? try manager.contentsOfDirectory(atPath: url.path).sorted() : []
    if isFolder.boolValue, names.isEmpty { return }
    guard replacing else {
      throw refuse(expected: "nothing of that name", found: "an older export", advice: "say that it may be replaced")
    }
    if let foreign = names.first(where: { !Self.isOwn($0) }) {
      throw refuse(
        expected: "only files of an export in a folder that is to be replaced", found: "\"\(foreign)\"",
        advice: "move it or name another folder")
    }
  }

  /// Writes, reads back, replays, and renames.
  ///
  /// - Parameters:
  ///   - url: The file or folder.
  ///   - replacing: Whether an older export there may be replaced. A folder may only if all that is in it are files an
  ///     export writes, and what is exported never may.
  /// - Throws: `FormatError`, ``ExportError``, `TokenizerError` and what ``ExportReplay``
  ///   throws; nothing is left behind then.
  public func write(to url: URL, replacing: Bool = false) async throws -> Outcome {
    try check(url, replacing: replacing)
    try check(Self.failedName(url), replacing: true)
    let hidden = AtomicFolder.hidden("partial", beside: url).appendingPathExtension(
      export.format.isFolder ? "d" : "gguf")
    do {
      try await export.write(to: hidden)
      let report = try await replay.run(
        original: export.model, exported: try await export.readBack(from: hidden), tolerance: tolerance,
        switchTolerance: switchTolerance)
      let location = report.isWithinTolerance ? url : Self.failedName(url)
      // Writing and replaying take a while: what has come there since is not replaced either.
      try check(location, replacing: replacing || !report.isWithinTolerance)
      try AtomicFolder.move(hidden, to: location, replacing: replacing || !report.isWithinTolerance)
      return Outcome(report: report, location: location)
    } catch {
      try? FileManager.default.removeItem(at: hidden)
      throw error
    }
  }

  private static func failedName(_ url: URL) -> URL {
    let suffix = url.pathExtension == "gguf" ? "gguf" : ""
    let failed = (suffix.isEmpty ? url : url.deletingPathExtension()).appendingPathExtension("failed")
    return suffix.isEmpty ? failed : failed.appendingPathExtension(suffix)
  }

  private static func place(_ url: URL) -> String { url.standardizedFileURL.resolvingSymlinksInPath().path }

  private static func isOwn(_ name: String) -> Bool { ModelExport.folderNames.contains(name) || isShard(name) }

  private static func isShard(_ name: String) -> Bool {
    name.wholeMatch(of: /model-\d{5,}-of-\d{5,}\.safetensors/) != nil
  }
}
