import ArgumentParser
import CSTCore

struct CommonOptions: ParsableArguments {
  @Flag(help: "Put JSON on standard output and nothing else.")
  var json = false

  @Option(
    parsing: .unconditional,
    help: .init("Threads to compute with (default: every CPU). Results do not depend on it.", valueName: "n"))
  var threads: Int?

  func validate() throws { try Requirement.count("--threads", threads, in: 1...1024) }

  func prepare() throws {
    try Kernels.checkSelection()
    if let threads { ComputePool.shared.threadCount = threads }
  }
}

/// A command with the common options; ``execute()`` runs after they have taken effect.
protocol LibraryCommand: AsyncParsableCommand {
  var common: CommonOptions { get }
  func execute() async throws
}

extension LibraryCommand {
  func run() async throws {
    try common.prepare()
    try await execute()
  }
}
