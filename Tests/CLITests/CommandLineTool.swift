import Foundation
import TestSupport
import Testing

/// Runs the tool that was built beside the tests.
enum CommandLineTool {
  /// What a run of the tool gave.
  struct Outcome {
    let code: Int32
    let output: String
    let notes: String

    /// The lines of standard error that begin with `error:`.
    var errorLines: [Substring] { notes.split(separator: "\n").filter { $0.hasPrefix("error:") } }

    /// Standard output as one JSON object.
    func object() throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }
  }

  /// `CST_TOOL`, or `cst` in the folder of the running tests.
  static let location: URL = {
    if let path = ProcessInfo.processInfo.environment["CST_TOOL"] { return URL(filePath: path) }
    #if os(macOS)
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      return bundle.bundleURL.deletingLastPathComponent().appending(path: "cst")
    #else
      let tests = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
      return tests.deletingLastPathComponent().appending(path: "cst")
    #endif
  }()

  /// Runs the tool to its end.
  /// - Parameters:
  ///   - ignored: A signal that it is started to ignore.
  ///   - whileRunning: Called while it runs, with its process.
  static func run(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:],
    ignoring ignored: Int32? = nil, whileRunning: (Process) throws -> Void = { _ in }
  ) throws -> Outcome {
    let folder = try TemporaryFolder()
    let (inputFile, outputFile, notesFile) = (folder["in"], folder["out"], folder["err"])
    try input.write(to: inputFile)
    for file in [outputFile, notesFile] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = ignored == nil ? location : URL(filePath: "/bin/sh")
    let start = ignored.map { ["-c", "trap '' \($0); exec \"$0\" \"$@\"", location.path] } ?? []
    process.arguments = start + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: inputFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: notesFile)
    try process.run()
    do { try whileRunning(process) } catch {
      process.terminate()
      throw error
    }
    process.waitUntilExit()
    return Outcome(
      code: process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: try Data(contentsOf: outputFile), as: UTF8.self),
      notes: String(decoding: try Data(contentsOf: notesFile), as: UTF8.self))
  }
}
