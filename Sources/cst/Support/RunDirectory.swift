import CSTCore
import Foundation

/// The folder of a training run and its files. Files are replaced as a whole, except the metrics, which grow by a line a
/// step.
struct RunDirectory {
  /// What may be in the folder already.
  enum Opening: Equatable {
    /// No run.
    case fresh
    /// A run, which is replaced.
    case overwriting
    /// A run with a checkpoint, which goes on.
    case resuming
  }

  let location: URL
  let opening: Opening
  var checkpointFile: URL { location.appending(path: "checkpoint.safetensors") }
  var recordFile: URL { location.appending(path: "run.json") }
  var metricsFile: URL { location.appending(path: "metrics.jsonl") }
  var profileFile: URL { location.appending(path: "profile.json") }

  private static let adapterFiles = ["adapter_model.safetensors", "adapter_config.json"]
  private var ownFiles: [URL] {
    [checkpointFile, recordFile, metricsFile, profileFile] + Self.adapterFiles.map { location.appending(path: $0) }
  }

  /// Checks the folder and changes nothing.
  /// - Throws: ``CommandError`` where the folder holds what `opening` does not allow.
  init(_ location: URL, opening: Opening) throws(CommandError) {
    self.location = location
    self.opening = opening
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: location.path, isDirectory: &isFolder), !isFolder.boolValue {
      throw CommandError("\(location.path): --out must be a folder, and this is a file")
    }
    switch opening {
    case .fresh:
      if let file = ownFiles.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
        throw CommandError(
          "\(location.path): this folder holds a run already (\(file.lastPathComponent)); "
            + "give another --out, --resume to go on with it, or --overwrite to replace it")
      }
    case .resuming:
      guard FileManager.default.fileExists(atPath: checkpointFile.path) else {
        throw CommandError("\(checkpointFile.path): no such file, so there is nothing to --resume")
      }
    case .overwriting: break
    }
  }

  /// The day that the chat template of the run that goes on was told: its conversations must render as they did.
  var recordedTemplateDate: TemplateDate? {
    struct Record: Decodable {
      struct Options: Decodable {
        let templateDate: String?
      }
      let options: Options
    }
    guard opening == .resuming, let data = try? Data(contentsOf: recordFile) else { return nil }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(Record.self, from: data).options.templateDate.flatMap { TemplateDate($0) }
  }

  /// Makes the folder ready for writing: nothing of an older run stays, or what a resumed one has up to its checkpoint.
  /// - Parameter step: Steps done at the checkpoint; 0 without one.
  /// - Throws: ``CommandError``.
  func open(afterStep step: Int) throws -> MetricsLog {
    do {
      try FileManager.default.createDirectory(at: location, withIntermediateDirectories: true)
    } catch {
      throw CommandError("\(location.path): the folder cannot be made: \(error.localizedDescription)")
    }
    if opening == .overwriting {
      for file in ownFiles where FileManager.default.fileExists(atPath: file.path) {
        do {
          try FileManager.default.removeItem(at: file)
        } catch {
          throw CommandError("\(file.path): cannot be replaced: \(error.localizedDescription)")
        }
      }
    }
    return try MetricsLog(file: metricsFile, keepingUpToStep: step)
  }

  /// Saves a checkpoint, and its adapter as PEFT files.
  func save(_ checkpoint: TrainingCheckpoint, baseModelName: String) throws {
    try checkpoint.write(to: checkpointFile)
    try checkpoint.adapter.write(to: location, baseModelName: baseModelName)
  }

  /// Saves where the time of the run went.
  func save(_ profile: ProfileReport) throws {
    try AtomicFile.write(Data(JSONText.document(profile).utf8), to: profileFile)
  }

  /// Saves the record of the run.
  func save(_ record: RunRecord) throws {
    try AtomicFile.write(Data(JSONText.document(record).utf8), to: recordFile)
  }
}
