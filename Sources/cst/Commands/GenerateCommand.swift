import ArgumentParser
import CSTCore
import CSTData
import Foundation

struct GenerateCommand: LibraryCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Write a reply, or replies to a file of prompts, under a configuration.",
    discussion: """
      The reply appears as it is written. Without --policy and --system no system prompt is given, and the model's chat \
      template decides what the model sees in its place. With --policy alone the policy's default configuration is used.

      With --prompts and --out many prompts are answered together, each under the configuration, or with --configuration all \
      under every one of the policy. A line a reply, in the order of the prompts: {"row":0,"configuration":…,"messages":[…], \
      "text":…,"finish_reason":"stop"|"length","prompt_tokens":n,"completion_tokens":n}. The same command goes on where it \
      was stopped.

      Example: cst generate --model model.gguf --adapter run --policy policy.json --configuration direct \
      --prompt 'What helps a sore throat?'
      Example: cst generate --model model.gguf --policy policy.json --configuration all --prompts prompts.txt --out replies.jsonl
      """)

  @OptionGroup var model: AdaptedModelOptions

  @OptionGroup var systemPrompt: SystemPromptOptions

  @Option(parsing: .unconditional, help: .init("What the user says.", valueName: "text"))
  var prompt: String?

  @Option(
    help: .init("Answer these prompts: a .txt file with one a line, or rows with \"prompt\".", valueName: "file"),
    completion: .file())
  var prompts: String?

  @Option(help: .init("Where the replies to --prompts go, as JSONL.", valueName: "file"), completion: .file())
  var out: String?

  @OptionGroup var columns: ColumnOptions
  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var common: CommonOptions

  private struct Result: Encodable {
    let configuration: String?
    let messages: [Message]
    let text: String
    let finishReason: String
    let promptTokens: Int
    let completionTokens: Int
  }

  private struct Summary: Encodable {
    let out: String
    let replies: Int
  }

  func validate() throws {
    guard (prompt == nil) != (prompts == nil) else {
      throw ValidationError("give either --prompt, what the user says, or --prompts, a file of prompts")
    }
    if (prompts == nil) != (out == nil) {
      throw ValidationError("--prompts and --out go together: the prompts, and the file for the replies")
    }
    if prompts == nil, columns.columns != .usual { throw ValidationError("--columns is for the rows of --prompts") }
  }

  func execute() async throws {
    let policy = try systemPrompt.loadPolicy()
    if let prompts, let out { return try await answer(prompts, out, policy) }
    let chosen = try systemPrompt.configuration(of: policy)
    let messages =
      [chosen?.systemPrompt ?? systemPrompt.system].compactMap { $0 }.map(Message.system) + [.user(prompt ?? "")]
    let model = try await model.load()
    var reply: Reply?
    let engine = ReplyEngine(model: model, slots: 1, cachedTokens: 0)
    for try await piece in engine.stream(
      to: messages, sampling: sampling.sampling, maximumTokens: sampling.maxTokens ?? 256
    ).pieces {
      if !common.json, !piece.text.isEmpty { try Console.write(piece.text) }
      reply = piece.reply ?? reply
    }
    guard common.json, let reply else { return try Console.print("") }
    try Console.print(
      JSONText.line(
        Result(
          configuration: chosen?.name, messages: messages, text: reply.text, finishReason: "\(reply.finishReason)",
          promptTokens: reply.promptTokens, completionTokens: reply.completionTokens)))
  }

  // MARK: Many prompts

  private func answer(_ prompts: String, _ out: String, _ policy: SafetyPolicy?) async throws {
    try OutputFile.check([out], inputs: [prompts] + [systemPrompt.policy].compactMap { $0 })
    let asked = try [SynthesisPrompt](contentsOf: URL(filePath: prompts), columns: columns.columns)
    guard !asked.isEmpty else { throw CommandError("\(prompts): there are no prompts in this file") }
    let configurations: [SafetyConfiguration]
    if let policy, systemPrompt.configuration == "all", policy["all"] == nil {
      configurations = policy.configurations
    } else {
      configurations = try [systemPrompt.configuration(of: policy)].compactMap { $0 }
    }
    let systems: [(name: String?, text: String?)] =
      configurations.isEmpty ? [(nil, systemPrompt.system)] : configurations.map { ($0.name, $0.systemPrompt) }
    let questions = asked.enumerated().flatMap { row, prompt in
      systems.map { system in
        (row: row, configuration: system.name, messages: (system.text.map { [.system($0)] } ?? []) + prompt.messages)
      }
    }
    let model = try await model.load()
    let weights = try self.model.adapter.map { adapter in
      let place = URL(filePath: adapter)
      return try RunInput(
        place.pathExtension == "gguf" ? place : place.appending(path: "adapter_model.safetensors")
      ).sha256
    }
    let settings = PromptReplies.Settings(
      model: "\(model.identity), \(model.precision.rawValue)", adapterWeights: weights,
      promptsFile: try RunInput(URL(filePath: prompts)).sha256, system: systemPrompt.system,
      configurations: configurations.map(\.name), systemPrompts: configurations.map(\.systemPrompt),
      temperature: sampling.temperature, topP: sampling.topP, seed: sampling.seed,
      maxTokens: sampling.maxTokens ?? 256)
    let interrupt = InterruptFlag(message: "stopping; finished replies are kept (again: stop at once)")
    let replies = PromptReplies(out: URL(filePath: out), settings: settings, questions: questions)
    guard let count = try await replies.run(with: ReplyEngine(model: model), interrupt: interrupt) else {
      Console.note("stopped; run the same command again to go on\n")
      throw ExitCode(interrupt.exitCode)
    }
    try Console.print(common.json ? JSONText.line(Summary(out: out, replies: count)) : "\(out): \(count) replies")
  }
}
