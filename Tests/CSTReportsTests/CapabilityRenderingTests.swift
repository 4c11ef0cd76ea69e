import CSTCore
import Foundation
import Testing

@testable import CSTReports

@Suite struct CapabilityRenderingTests {
  private let hostile = "</td><script>alert('x')</script> \u{1B}[31m\u{202E}"

  /// Reports are made by an evaluation alone; their JSON says what this one holds.
  private func report(tuned: String? = "run", file: String = "q.jsonl") throws -> CapabilityReport {
    func scores(_ choice: Int) -> [String: Any] {
      ["logProbabilities": [-1.0, -2.0], "choice": choice, "normalizedChoice": choice]
    }
    func share(_ base: Int, _ after: Int) -> [String: Any] {
      var share: [String: Any] = ["base": ["count": base, "total": 4]]
      guard tuned != nil else { return share }
      share["tuned"] = ["count": after, "total": 4]
      share["difference"] = ["estimate": 0.25, "low": -0.25, "high": 0.5836]
      return share
    }
    func prediction(_ mean: Double) -> [String: Any] {
      ["logProbability": mean, "perplexity": exp(-mean), "bitsPerByte": -mean * 10 / (40 * log(2))]
    }
    var text: [String: Any] = [
      "name": "t.txt", "bytes": 40, "tokens": 10, "windowLength": 8, "base": prediction(-2),
      "windows": [["tokens": 8, "base": -16.0], ["tokens": 2, "base": -4.0]],
    ]
    var value: [String: Any] = [
      "baseModel": "m.gguf", "precision": "f32", "drifts": [Any](),
      "multipleChoice": [
        [
          "name": file, "accuracy": share(2, 3), "normalizedAccuracy": share(1, 2),
          "questions": (0..<4).map { ["answer": $0 % 2, "base": scores(0)] },
        ]
      ],
    ]
    if let tuned {
      value["tunedModel"] = tuned
      text["tuned"] = prediction(-2.1)
      text["difference"] = ["estimate": -0.1, "low": -0.2, "high": 0.0]
      value["drifts"] = [
        [
          "name": "p.jsonl", "prompts": 3, "emptyReplies": 1, "maximumTokens": 96, "tokens": 12, "base": -0.5,
          "tuned": -0.75, "difference": ["estimate": -0.25, "low": -0.5, "high": 0.0],
          "replies": [["tokens": 6, "base": -3.0, "tuned": -4.5], ["tokens": 6, "base": -3.0, "tuned": -4.5]],
        ] as [String: Any]
      ]
    }
    value["texts"] = [text]
    return try JSONDecoder().decode(CapabilityReport.self, from: JSONSerialization.data(withJSONObject: value))
  }

  @Test func baseAndTunedStandSideBySide() throws {
    let lines = try report().text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines == [
        "Capability kept, with 95 % intervals", "",
        "                 base model                run                       difference",
        "q.jsonl: 4 questions",
        "  acc            2/4 0.500 [0.150, 0.850]  3/4 0.750 [0.301, 0.954]  +0.250 [-0.250, +0.584]",
        "  acc_norm       1/4 0.250 [0.046, 0.699]  2/4 0.500 [0.150, 0.850]  +0.250 [-0.250, +0.584]",
        "t.txt: 10 tokens in 2 windows of at most 8",
        "  perplexity     7.389                     8.166                     ×1.105 [1.000, 1.221]",
        "  bits per byte  0.721                     0.757                     +0.036 [0.000, +0.072]",
        "p.jsonl: the base model's replies to 3 prompts, 12 tokens, 1 empty",
        "  log-prob.      -0.500                    -0.750                    -0.250 [-0.500, 0.000]",
        "",
      ])
  }

  @Test func theBaseStandsAlone() throws {
    let text = try report(tuned: nil).text()
    #expect(text.contains("Capability of the base model") && !text.contains("difference"))
    #expect(text.contains("  acc            2/4 0.500 [0.150, 0.850]\n"))
  }

  @Test(arguments: [0, 60, 80, 100, 200]) func noLineIsTooLong(columns: Int) throws {
    let text = try report(
      tuned: String(repeating: "a long name ", count: 4), file: String(repeating: "long", count: 40)
    ).text(columns: columns)
    for line in text.split(separator: "\n") { #expect(line.count <= max(60, columns), "\(line)") }
    #expect(text.contains("2/4 0.500") && text.contains("3/4 0.750") && text.contains("+0.250"))
  }

  @Test func namesCannotSteerTheTerminalOrThePage() throws {
    let report = try report(tuned: hostile, file: hostile)
    #expect(!report.text().unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    let page = report.html()
    #expect(!page.contains("<script") && page.contains("&lt;script&gt;") && page.hasSuffix("</html>\n"))
    #expect(page.contains("×1.105 [1.000, 1.221]"))
  }
}
