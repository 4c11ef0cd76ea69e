import ArgumentParser
import CSTCore
import CSTData
import Foundation

/// Who writes and judges synthetic data.
struct TeacherOptions: ParsableArguments {
  @Option(
    help: .init(
      "A .gguf file or Hugging Face folder, the base URL of an OpenAI-compatible endpoint (https://…/v1), or a .json "
        + "file of templates.",
      valueName: "path or URL"))
  var teacher: String

  @Option(help: .init("The model's name at the endpoint.", valueName: "name"))
  var teacherModel: String?

  @Option(
    help: .init(
      "The environment variable with the endpoint's key (default: \(Self.usualKeyVariable), where it is set).",
      valueName: "name"))
  var keyVariable: String?

  @Option(
    help: .init("A folder with a PEFT adapter to use with the teacher's model.", valueName: "folder"),
    completion: .directory)
  var adapter: String?

  @Option(help: "What products with the weights of a model file are computed in; auto is bf16 where the CPU has it.")
  var precision = PrecisionChoice.auto

  @Option(
    parsing: .unconditional,
    help: .init("Calls at a time (default: 32 for a model file, 4 for an endpoint).", valueName: "n"))
  var concurrency: Int?

  @Option(parsing: .unconditional, help: .init("Attempts at a call before it is given up.", valueName: "n"))
  var attemptsPerCall = 6

  @Option(
    parsing: .unconditional,
    help: .init("How long an endpoint may send nothing before an attempt fails.", valueName: "seconds"))
  var timeout = 60.0

  @Option(
    help: .init(
      "What the endpoint calls the limit of a reply's tokens (default: max_tokens); newer models of some services want "
        + "max_completion_tokens.", valueName: "name"))
  var maxTokensName: String?

  @OptionGroup var configuration: KeyOptions

  @Flag(help: "Ask the endpoint for whole replies instead of streams.")
  var noStream = false

  private static let usualKeyVariable = "CST_TEACHER_KEY"

  func validate() throws {
    try Requirement.count("--concurrency", concurrency, in: 1...1024)
    try Requirement.count("--attempts-per-call", attemptsPerCall, in: 1...100)
    try Requirement.positive("--timeout", timeout)
    if let keyVariable, keyVariable.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) == nil {
      throw ValidationError("--key-variable is the name of an environment variable, not the key itself")
    }
    if isTemplates, adapter != nil || concurrency != nil {
      throw ValidationError("--adapter and --concurrency go with a model, and --teacher is a file of templates")
    }
    if !isEndpoint, noStream { throw ValidationError("--no-stream goes with an endpoint, and --teacher is a file") }
    if let maxTokensName {
      guard isEndpoint else {
        throw ValidationError("--max-tokens-name goes with an endpoint, and --teacher is a file")
      }
      guard maxTokensName.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil,
        !["model", "messages", "temperature", "top_p", "seed", "stream", "stream_options"].contains(maxTokensName)
      else { throw ValidationError("--max-tokens-name is the name of a field, such as max_completion_tokens") }
    }
    if isEndpoint {
      guard teacherModel != nil else {
        throw ValidationError("--teacher is an endpoint, so --teacher-model must name the model there")
      }
      if adapter != nil { throw ValidationError("--adapter goes with a model file, not with an endpoint") }
    } else if teacherModel != nil || keyVariable != nil {
      throw ValidationError("--teacher-model and --key-variable go with an endpoint, and --teacher is a file")
    }
  }

  var retries: RetryPolicy { RetryPolicy(attempts: attemptsPerCall) }

  /// Files that are read.
  var files: [String] { isEndpoint ? [] : [teacher] }

  private var isEndpoint: Bool {
    let address = teacher.lowercased()
    return address.hasPrefix("http://") || address.hasPrefix("https://")
  }
  private var isTemplates: Bool { !isEndpoint && teacher.lowercased().hasSuffix(".json") }

  func load() async throws -> any Teacher {
    if isEndpoint { return try endpoint() }
    let file = URL(filePath: teacher)
    if isTemplates { return try TemplateTeacher(contentsOf: file) }
    let base = try await LanguageModel(
      contentsOf: file, precision: precision.precision, ignoring: configuration.keys)
    let adapter = try adapter.map { try LoRAAdapter(contentsOf: URL(filePath: $0), for: base) }
    return LocalTeacher(model: base.adapted(by: adapter), slots: concurrency ?? 32)
  }

  private func endpoint() throws -> HTTPTeacher {
    guard let address = URL(string: teacher), let teacherModel else {
      throw CommandError("\(teacher): this is no URL; write it as https://host/v1")
    }
    let environment = ProcessInfo.processInfo.environment
    let variable = keyVariable ?? (environment[Self.usualKeyVariable] == nil ? nil : Self.usualKeyVariable)
    let key = try variable.map { try APIKey(environmentVariable: $0, in: environment) }
    return try HTTPTeacher(
      baseURL: address, model: teacherModel, key: key, concurrency: concurrency ?? 4,
      limits: HTTPLimits(idle: .seconds(timeout)), delivery: noStream ? .whole : .streamed,
      maximumTokensName: maxTokensName ?? "max_tokens")
  }
}
