import Foundation

/// The folder of a training run: the adapter as PEFT files, a checkpoint to go on from, `metrics.jsonl` with a row a step, and
/// the run's record, `run.json`.
///
/// ```swift
/// let folder = try RunFolder(location, opening: .freshOrResuming)
/// let run = try await folder.run(trainer, on: pairs, plan: plan, from: RunSource(dataFile: dataFile, rows: rows.count))
/// for try await progress in run { show(progress.event) }
/// ```
///
/// Files are replaced as a whole, except the metrics, which grow by a line. A run that replaces another grows in a folder of
/// its own beside it, `NAME.partial`, and takes the name when it is finished: until then the older run is untouched. One that
/// was stopped before stays there, and goes on and takes the name like any other run where that folder is opened to resume.
public struct RunFolder: Sendable {
  /// What may be in the folder already.
  public enum Opening: Sendable, Hashable {
    /// No run.
    case fresh
    /// A run with a checkpoint, which goes on.
    case resuming
    /// No run, or one with a checkpoint, which goes on.
    case freshOrResuming
    /// A run, which is replaced, or none.
    case replacing
  }

  /// What the folder of the finished run is called.
  public let location: URL
  /// The folder that the run grows in: ``location``, or the one beside it where the run replaces another.
  public let place: URL
  /// Whether the run goes on from a checkpoint.
  public let isResuming: Bool

  /// Whether the adapter is written for readers that know one rank and one α only, see ``LoRAAdapter/plain()``.
  public var writesPlainAdapter = false

  private static let files = [
    checkpointName, recordName, metricsName, profileName, "adapter_model.safetensors", "adapter_config.json",
  ]
  private static let checkpointName = "checkpoint.safetensors"
  private static let recordName = "run.json"
  private static let metricsName = "metrics.jsonl"
  static let profileName = "profile.json"

  private var checkpointFile: URL { place.appending(path: Self.checkpointName) }

  /// Looks at the folder and changes nothing.
  /// - Throws: ``RunFolderError`` where the folder holds what `opening` does not allow.
  public init(_ location: URL, opening: Opening = .fresh) throws(RunFolderError) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: location.path, isDirectory: &isFolder), !isFolder.boolValue {
      throw RunFolderError(.notAFolder, location)
    }
    let present = Self.files.first { Self.exists(location.appending(path: $0)) }
    let checkpoint = location.appending(path: Self.checkpointName)
    isResuming = opening == .resuming || opening == .freshOrResuming && Self.exists(checkpoint)
    if isResuming, !Self.exists(checkpoint) { throw RunFolderError(.nothingToResume, checkpoint) }
    if let present, !isResuming, opening != .replacing {
      throw RunFolderError(.holdsRun, location, detail: present)
    }
    if isResuming, let name = try? RunRecord(contentsOf: location.appending(path: Self.recordName)).replaces {
      place = Self.resolved(location)
      self.location = place.deletingLastPathComponent().appending(path: name)
    } else if opening == .replacing, present != nil {
      self.location = location
      place = try Self.placeBeside(Self.resolved(location))
    } else {
      self.location = location
      place = location
    }
  }

  private static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

  /// The folder itself, because another is to take its name: not a link to it, and not `.`.
  private static func resolved(_ location: URL) -> URL {
    URL(filePath: location.standardizedFileURL.resolvingSymlinksInPath().path)
  }

  private static func placeBeside(_ location: URL) throws(RunFolderError) -> URL {
    let parent = location.deletingLastPathComponent()
    let place = parent.appending(path: location.lastPathComponent + ".partial")
    guard !exists(place) else { throw RunFolderError(.unfinishedReplacement, place) }
    // What cannot take the name at the end is refused before the work is done.
    var (own, above) = (stat(), stat())
    guard stat(location.path, &own) == 0, stat(parent.path, &above) == 0, own.st_dev == above.st_dev else {
      throw RunFolderError(.cannotBeReplaced, location)
    }
    return place
  }

  /// The day that the chat template of the run that goes on was told, where it asks: set the model's `chatTemplate.date` to
  /// it, because the run's conversations must render as they did.
  public var templateDate: TemplateDate? {
    guard isResuming, let record = try? RunRecord(contentsOf: place.appending(path: Self.recordName)) else {
      return nil
    }
    return record.options["template_date"]?.words.flatMap { TemplateDate($0) }
  }

  /// The name of the folder that the run takes when it is finished, where it does not have it.
  var replaces: String? { place == location ? nil : Self.resolved(location).lastPathComponent }

  // MARK: Files

  /// The checkpoint to go on from, if there is one.
  func checkpoint(for model: ModelConfiguration) throws -> TrainingCheckpoint? {
    isResuming ? try TrainingCheckpoint(contentsOf: checkpointFile, for: model) : nil
  }

  /// Makes the folder ready for writing: of a resumed run stays what it has up to its checkpoint.
  /// - Parameter step: Steps done at the checkpoint; 0 without one.
  func open(afterStep step: Int) throws -> MetricsLog {
    try AtomicFile.makeFolder(place)
    return try MetricsLog(file: place.appending(path: Self.metricsName), keepingUpToStep: step)
  }

  /// Saves a checkpoint, and its adapter as PEFT files.
  func save(_ checkpoint: TrainingCheckpoint, baseModelName: String) throws {
    try checkpoint.write(to: checkpointFile)
    let adapter = writesPlainAdapter ? try checkpoint.adapter.plain() : checkpoint.adapter
    try adapter.write(to: place, baseModelName: baseModelName)
  }

  /// Saves the record of the run.
  func save(_ record: RunRecord) throws { try RecordFile.write(record, to: place.appending(path: Self.recordName)) }

  /// Saves the record of a run that is finished, which takes its name now.
  /// - Returns: The record as it was saved.
  func finish(_ record: RunRecord) throws -> RunRecord {
    try save(record)
    guard place != location else { return record }
    // What is in the older folder and no run's stays.
    for name in (try? FileManager.default.contentsOfDirectory(atPath: location.path)) ?? []
    where !Self.files.contains(name) {
      rename(location.appending(path: name).path, place.appending(path: name).path)
    }
    try AtomicFolder.move(place, to: Self.resolved(location), replacing: true)
    var record = record
    record.replaces = nil
    try RecordFile.write(record, to: location.appending(path: Self.recordName))
    return record
  }
}
