import ArgumentParser
import CSTCore
import Foundation

/// The command-line tool: parses, calls the library, prints.
///
/// Standard output carries results only. Progress and notes go to standard error, and so does the one line that a
/// failure is reported with.
@main
struct CST: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cst",
    abstract: "Tune a language model on preferences so that its system prompt switches its safety behaviour.",
    discussion: """
      MODEL is a .gguf file or a Hugging Face folder (config.json, safetensors, tokenizer). Every command takes --json, \
      which puts machine-readable JSON and nothing else on standard output, and --threads N. The environment variable CST_KERNELS names the instruction set to compute with \
      (\(Kernels.names.joined(separator: ", "))) instead of the best one.

      Exit codes: 0 success, 1 failure with one line on standard error, 64 wrong usage, 128 and the signal's number where \
      one stopped it: 130 after Ctrl-C.
      """,
    version: Self.version,
    subcommands: [
      InfoCommand.self, TokenizeCommand.self, RenderCommand.self, ScoreCommand.self, TrainCommand.self,
      GenerateCommand.self, ChatCommand.self, EvalCommand.self, ExportCommand.self, AdapterCommand.self,
      SynthCommand.self,
      DataCommand.self, DemoCommand.self,
    ])

  static let version = RunRecord.currentVersion

  static func main() async {
    // A reader that goes away must not end a training run; writes to it fail with EPIPE instead.
    signal(SIGPIPE, SIG_IGN)
    Console.claimStandardStreams()
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Foundation.exit(report(error, arguments: arguments))
    }
  }

  /// Says what happened, on one line if it is a failure, and gives the exit code for it.
  private static func report(_ error: any Error, arguments: [String]) -> Int32 {
    let code = exitCode(for: error)
    if code == .success {
      // Help, the version and completion scripts are results.
      do { try Console.print(fullMessage(for: error)) } catch { return 1 }
    } else if code == .validationFailure {
      let name = arguments.first.flatMap { first in
        configuration.subcommands.map { $0._commandName }.first { $0 == first }
      }
      let help = (["cst", name].compactMap { $0 } + ["--help"]).joined(separator: " ")
      Console.reportFailure("\(message(for: error)) (see '\(help)')")
    } else if !(error is ExitCode) {
      Console.reportFailure(CommandError.line(for: error))
    }
    return code.rawValue
  }
}
