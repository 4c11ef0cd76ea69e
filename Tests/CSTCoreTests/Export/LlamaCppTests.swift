import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// llama.cpp reads what is exported: the same logits as ours.
@Suite(.enabled(if: LlamaCpp.isAvailable, "no Python with llama_cpp; Scripts/setup-server installs it"))
struct LlamaCppTests {
  /// A model, how many of the reference's tokens are compared and how many positions llama.cpp is to make room for.
  ///
  /// Where llama.cpp computes another thing, the tokens stay within what it computes alike: it has no sliding window for
  /// Mistral and Phi-3.
  static let cases = [
    ("llama", 12), ("llama3", 12), ("llama-bias", 12), ("mistral", 8), ("qwen2", 12), ("qwen3", 12), ("phi3", 8),
  ]

  @Test(arguments: cases) func mergedFilesGiveTheSameLogits(name: String, tokens: Int) async throws {
    let (fixture, folder) = (try ModelFixture(name), try TemporaryFolder())
    // llama.cpp wants certain tokens of a vocabulary where a model's name says Phi-3, and the name is the folder's.
    try FileManager.default.copyItem(at: fixture.folder, to: folder["model"])
    let base = try await LanguageModel(contentsOf: folder["model"], precision: .f32)
    let model = base.adapted(
      by: try LoRAAdapter(contentsOf: fixture.folder.appending(path: "adapter"), for: base.configuration))
    let prompt = Array(fixture.reference.prompt.prefix(tokens))
    let logits = model.transformer.logits(prompt, adaptation: model.adaptation)
    let expected = logits.rows(at: [tokens - 1])

    try await ModelExport(of: model, as: .gguf(.f32)).write(to: folder["merged.gguf"])
    let merged = try LlamaCpp.logits(of: folder["merged.gguf"], after: prompt)
    // llama.cpp sums in another order and takes its exponentials from tables of half precision in places.
    #expect(expected.largestDifference(to: merged) < 2e-3)

    try await ModelExport(of: base, as: .gguf(.f32)).write(to: folder["base.gguf"])
    try await ModelExport(of: model, as: .ggufAdapter(.f32)).write(to: folder["lora.gguf"])
    let adapted = try LlamaCpp.logits(of: folder["base.gguf"], adapter: folder["lora.gguf"], after: prompt)
    #expect(expected.largestDifference(to: adapted) < 2e-3)
    // Without the adapter they are others, or the comparison would say nothing.
    #expect(expected.largestDifference(to: try LlamaCpp.logits(of: folder["base.gguf"], after: prompt)) > 0.02)
  }
}

/// llama.cpp in a Python process of its own.
enum LlamaCpp {
  private static let interpreter = URL(
    filePath: ProcessInfo.processInfo.environment["CST_SERVER_PYTHON"]
      ?? ReferenceFiles.packageRoot.appending(path: ".venv/bin/python").path)

  static let isAvailable =
    FileManager.default.isExecutableFile(atPath: interpreter.path)
    && (try? run("import llama_cpp", [])) != nil

  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static let program = """
    import json, sys, llama_cpp
    file, adapter, tokens = sys.argv[1], sys.argv[2] or None, json.loads(sys.argv[3])
    model = llama_cpp.Llama(
        file, lora_path=adapter, n_ctx=256, n_threads=1, n_threads_batch=1, verbose=False, type_k=0, type_v=0,
        logits_all=True)
    model.eval(tokens)
    print(json.dumps([float(x) for x in model.scores[len(tokens) - 1]]))
    """

  /// The logits after the last of some tokens.
  static func logits(of file: URL, adapter: URL? = nil, after tokens: [Int32]) throws -> [Float] {
    let output = try run(program, [file.path, adapter?.path ?? "", "\(tokens)"])
    return try JSONDecoder().decode([Float].self, from: output)
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> Data {
    let folder = try TemporaryFolder()
    for name in ["out", "err"] { try Data().write(to: folder[name]) }
    let process = Process()
    process.executableURL = interpreter
    process.arguments = ["-c", program] + arguments
    process.standardOutput = try FileHandle(forWritingTo: folder["out"])
    process.standardError = try FileHandle(forWritingTo: folder["err"])
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: String(decoding: try Data(contentsOf: folder["err"]), as: UTF8.self))
    }
    return try Data(contentsOf: folder["out"])
  }
}
