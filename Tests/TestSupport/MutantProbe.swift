import CSTCore
import Foundation
import Testing

/// Opens altered copies of a model, one after the other, and keeps account of what comes of them: each is read, or
/// refused with an error that names its place. To be used in a process of its own, whose memory it watches.
public struct MutantProbe {
  /// The path of the model that is opened: a file, or the folder that ``file`` is in.
  public let model: URL
  /// The file that is altered.
  public let file: URL
  /// Copies that were refused.
  public private(set) var refused = 0
  /// Copies that could be opened and computed with.
  public private(set) var opened = 0
  /// Most bytes of memory that opening may add to those of the sound model.
  public static let memoryLimit = 64 << 20

  private let peakAtStart: Int?

  /// Opens the sound model once and sets a limit of time, at which a process that hangs is ended.
  public init(model: URL, altering file: URL, seconds: UInt32 = 480) async throws {
    self.model = model
    self.file = file
    alarm(seconds)
    try await Self.compute(with: model)
    peakAtStart = Self.peakMemory()
  }

  /// Opens the model with other content in the file.
  public mutating func open(_ content: [UInt8], _ label: @autoclosure () -> String) async throws {
    try Data(content).write(to: file)
    do {
      try await Self.compute(with: model)
      opened += 1
    } catch {
      let line = "\(error)"
      let isTyped = error is FormatError || error is TokenizerError || error is ChatTemplateError
      #expect(isTyped && !line.isEmpty && !line.contains("\n"), "\(label()): \(type(of: error)): \(line)")
      if let error = error as? FormatError {
        #expect(error.file.hasPrefix(model.path), "\(label()): \(line)")
      }
      refused += 1
    }
  }

  /// Expects that the copies took no more memory than ``memoryLimit`` beside the sound model.
  public func checkMemory() {
    guard let peakAtStart, let peak = Self.peakMemory() else { return }
    #expect(peak - peakAtStart < Self.memoryLimit, "\((peak - peakAtStart) >> 20) MB more than the sound model takes")
  }

  private static func compute(with model: URL) async throws {
    let model = try await LanguageModel(contentsOf: model, precision: .f32)
    // Positions beyond the context are a caller's mistake.
    guard model.configuration.contextLength >= 4 else { return }
    let last = Int32(model.configuration.vocabularyCount - 1)
    let ids = model.tokenizer.encode(content: "Grüße, 12 <|im_end|> 世界") + [0, last]
    #expect(ids.allSatisfy { (0...last).contains($0) } && !model.tokenizer.decode(ids).isEmpty)
    let scores = try await model.logProbabilities(of: [CompletionGroup(prompt: [0, last], completions: [[last, 0]])])
    #expect(scores.count == 1)
  }

  /// The most bytes of memory this process has had, where the system says so.
  private static func peakMemory() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
  }
}
