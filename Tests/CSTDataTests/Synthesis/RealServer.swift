import Foundation
import TestSupport
import Testing

/// The Python server of llama.cpp on the test model, for as long as a suite runs.
struct RealServer: SuiteTrait, TestScoping {
  /// Where the interface of the running server is.
  @TaskLocal static var baseURL: URL?

  /// `CST_SERVER_PYTHON`, or `.venv/bin/python`, which `Scripts/setup-server` makes.
  private static let interpreter = URL(
    filePath: ProcessInfo.processInfo.environment["CST_SERVER_PYTHON"]
      ?? ReferenceFiles.packageRoot.appending(path: ".venv/bin/python").path)

  /// Whether there is a model and an interpreter that has the server.
  static let isAvailable: Bool = {
    guard ReferenceFiles.model != nil, FileManager.default.isExecutableFile(atPath: interpreter.path) else {
      return false
    }
    let process = Process()
    process.executableURL = interpreter
    process.arguments = ["-c", "import llama_cpp.server.app"]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let port = Self.freePort()
    // The shell ends the server when its input ends: with this process, whatever becomes of it. It does not wait for the
    // end, of which it may not hear: processes are started with SIGCHLD blocked.
    let shell = Process()
    let input = Pipe()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = [
      "-c", #""$@" >/dev/null 2>&1 </dev/null & read _; kill -9 $!"#, "sh", Self.interpreter.path,
      "-m",
      "llama_cpp.server", "--model", try #require(ReferenceFiles.model).path, "--host", "127.0.0.1", "--port",
      "\(port)",
      "--n_ctx", "2048",
    ]
    shell.standardInput = input
    try shell.run()
    defer {
      try? input.fileHandleForWriting.close()
      shell.waitUntilExit()
    }
    let baseURL = try #require(URL(string: "http://127.0.0.1:\(port)/v1"))
    try await Self.waitUntilReady(baseURL)
    try await Self.$baseURL.withValue(baseURL) { try await function() }
  }

  /// A port that nobody listens on a moment ago.
  private static func freePort() -> Int {
    let stub = StubTeacherServer()
    defer { stub.stop() }
    return stub.baseURL.port ?? 0
  }

  private static func waitUntilReady(_ baseURL: URL) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while (try? Data(contentsOf: baseURL.appending(path: "models"))) == nil {
      guard ContinuousClock.now < deadline else {
        Issue.record("the server gives no list of models at \(baseURL) after two minutes")
        return
      }
      try await Task.sleep(for: .milliseconds(300))
    }
  }
}
