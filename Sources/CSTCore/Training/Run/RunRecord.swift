import Foundation

/// `run.json`: everything needed to repeat a run, and what came of it.
public struct RunRecord: Codable, Sendable {
  /// How the run stands.
  public enum Status: String, Codable, Sendable {
    case running, finished, interrupted, failed
  }

  /// The rows that were trained on.
  package struct Rows: Codable, Sendable {
    let rowsInFile: Int
    let rows: String
    package let rowsUsed: Int
    package let pairs: Int
    package let truncatedPairs: Int
  }

  /// This machine and the process's settings.
  package struct Machine: Codable, Sendable {
    let system: String
    let processors: Int
    package let kernels: String
    package let threads: Int

    package init() {
      system = ProcessInfo.processInfo.operatingSystemVersionString
      processors = ProcessInfo.processInfo.activeProcessorCount
      kernels = Kernels.current.name
      threads = ComputePool.shared.threadCount
    }
  }

  /// The version that this is, until there are releases.
  package static let currentVersion = "0.1.0"

  package let version: String
  let commandLine: [String]
  /// The options with every default filled in, by the names of the command line.
  package let options: [String: RunOption]
  package let model: RunInput
  package let dataFile: RunInput
  package let data: Rows
  package let policyFile: RunInput?
  let initAdapterWeights: RunInput?
  package let machine: Machine
  let start: Date
  var end: Date?
  /// The name of the folder that the run will take when it is finished; `nil` where it has its own.
  package internal(set) var replaces: String?
  /// Steps done before this start of the run; 0 unless it was resumed.
  public let resumedAfterStep: Int
  /// How the run stands.
  public private(set) var status = Status.running
  private var interrupted = false
  /// Steps done, those before this start included.
  public private(set) var stepsDone: Int
  /// Steps of the whole run; `nil` before the first.
  public private(set) var totalSteps: Int?
  /// Tokens that the policy ran over since this start.
  public private(set) var tokens = 0
  /// Seconds that the steps since this start took.
  public private(set) var seconds = 0.0
  /// The last step's row of the metrics.
  public private(set) var metrics: [String: Double]?

  /// The record of a run that is about to start.
  /// - Throws: ``FormatError`` where a file that went into it cannot be read.
  init(
    _ trainer: DPOTrainer, on trainingData: TrainingData, plan: TrainingPlan, from source: RunSource,
    replacing name: String?,
    resumedAfterStep step: Int
  ) throws {
    version = Self.currentVersion
    commandLine = source.commandLine
    options = RunOption.all(of: trainer, plan, source, retention: trainingData.retention)
    let pairs = trainingData.pairs
    model = try RunInput(trainer.model.source)
    dataFile = try RunInput(source.dataFile)
    data = Rows(
      rowsInFile: source.rowsInFile, rows: source.rows, rowsUsed: source.rowsUsed, pairs: pairs.count,
      truncatedPairs: pairs.count(where: \.isTruncated))
    policyFile = try source.policyFile.map { file in try RunInput(file) }
    initAdapterWeights = try source.initialAdapter.map { folder in
      try RunInput(folder.appending(path: "adapter_model.safetensors"))
    }
    machine = Machine()
    start = Date()
    replaces = name
    resumedAfterStep = step
    stepsDone = step
  }

  /// Reads a `run.json`.
  /// - Throws: `FormatError` where the file cannot be read or is no such record.
  public init(contentsOf file: URL) throws {
    self = try RecordFile.read(from: file, expected: "a run.json", holding: "the record of a training run")
  }

  /// Takes up what a step did.
  mutating func add(_ report: StepReport) {
    stepsDone = report.step
    totalSteps = report.totalSteps
    tokens += report.tokens
    seconds += report.seconds
    metrics = report.row
  }

  /// Closes the record.
  mutating func end(_ status: Status) {
    self.status = status
    interrupted = status == .interrupted
    end = Date()
  }
}
