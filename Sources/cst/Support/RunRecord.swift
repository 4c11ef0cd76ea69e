import CSTCore
import Foundation

/// `run.json`: everything needed to repeat a run, and what came of it.
struct RunRecord: Encodable {
  /// A file that went into the run.
  struct Input: Encodable {
    let path: String
    let bytes: Int
    let sha256: String

    /// - Throws: `FormatError` where the file cannot be read.
    init(_ file: URL) throws(FormatError) {
      path = file.path
      sha256 = try SHA256.digest(ofFile: file)
      bytes = ((try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int) ?? 0
    }

    private init(path: String, bytes: Int, sha256: String) {
      self.path = path
      self.bytes = bytes
      self.sha256 = sha256
    }

    /// A model; of a folder, the digest is that of a line for each of its files: its own digest and its name.
    /// - Throws: `FormatError` where a file cannot be read.
    init(_ source: ModelSource) throws {
      if case .gguf(let file) = source {
        self = try Input(file)
        return
      }
      let files = try source.files().map { try Input($0) }
      var hash = SHA256()
      for file in files { hash.update("\(file.sha256)  \(URL(filePath: file.path).lastPathComponent)\n".utf8) }
      let bytes = files.reduce(0) { $0 + $1.bytes }
      self = Input(path: source.location.path, bytes: bytes, sha256: hash.digest())
    }
  }

  /// How the run stands.
  enum Status: String, Encodable {
    case running, finished, interrupted, failed
  }

  struct Data: Encodable {
    let rowsInFile: Int
    let rows: String
    let rowsUsed: Int
    let pairs: Int
    let truncatedPairs: Int
  }

  struct Machine: Encodable {
    let system: String
    let processors: Int
    let kernels: String
    let threads: Int
  }

  let version: String
  let commandLine: [String]
  let options: TrainSettings
  let model: Input
  let dataFile: Input
  let data: Data
  let policyFile: Input?
  let initAdapterWeights: Input?
  let machine: Machine
  let start: Date
  var end: Date?
  /// Steps done before this start of the run; 0 unless it was resumed.
  var resumedAfterStep = 0
  var status = Status.running
  var interrupted = false
  var stepsDone = 0
  var totalSteps: Int?
  var tokens = 0
  var seconds = 0.0
  /// The last step's row of the metrics.
  var metrics: [String: Double]?

  /// Takes up what a step did.
  mutating func add(_ report: StepReport) throws {
    stepsDone = report.step
    totalSteps = report.totalSteps
    tokens += report.tokens
    seconds += report.seconds
    metrics = try JSONDecoder().decode([String: Double].self, from: JSONEncoder().encode(report))
  }

  /// Closes the record.
  mutating func end(_ status: Status) {
    self.status = status
    interrupted = status == .interrupted
    end = Date()
  }
}

extension RunRecord.Machine {
  /// This machine and the process's settings.
  init() {
    system = ProcessInfo.processInfo.operatingSystemVersionString
    processors = ProcessInfo.processInfo.activeProcessorCount
    kernels = Kernels.current.name
    threads = ComputePool.shared.threadCount
  }
}

/// A run's options with every default filled in, by the names of the command line.
struct TrainSettings: Encodable {
  let method: String
  let softLabels: Bool
  let beta: Double
  let rpoAlpha: Double
  let loraRank: Int
  let loraAlpha: Double
  let loraDropout: Double
  let loraTargets: [String]
  let learningRate: Double
  let schedule: String
  let warmupRatio: Double
  let weightDecay: Double
  let maxGradNorm: Double
  let batchSize: Int
  let gradientAccumulation: Int
  let epochs: Int?
  let steps: Int?
  let maxLength: Int
  let seed: UInt64
  let shuffle: Bool
  let precision: Precision
  let weights: WeightPanels
  let activations: LayerActivations
  let checkpointEvery: Int?
  /// What becomes of system texts in the model's chat template.
  let systemRole: SystemRole
  /// The day the chat template was told, where it asks.
  let templateDate: String?

  init(
    method: String, softLabels: Bool, _ options: OptimizationOptions, adapter: LoRAConfiguration, maxLength: Int,
    model: LanguageModel, activations: LayerActivations
  ) {
    self.method = method
    self.softLabels = softLabels
    beta = options.beta
    rpoAlpha = options.rpoAlpha
    loraRank = adapter.rank
    loraAlpha = adapter.alpha
    loraDropout = adapter.dropout
    loraTargets = adapter.targets.map(\.rawValue)
    learningRate = options.learningRate
    schedule = options.schedule.rawValue
    warmupRatio = options.warmupRatio
    weightDecay = options.weightDecay
    maxGradNorm = options.maxGradNorm
    batchSize = options.batchSize
    gradientAccumulation = options.gradientAccumulation
    epochs = options.steps == nil ? options.epochs ?? 1 : nil
    steps = options.steps
    self.maxLength = maxLength
    seed = options.seed
    shuffle = !options.noShuffle
    precision = model.precision
    weights = model.panels
    self.activations = activations
    checkpointEvery = options.checkpointEvery
    systemRole = model.chatTemplate.systemRole
    templateDate = model.chatTemplate.usesDate ? model.chatTemplate.date.description : nil
  }
}
