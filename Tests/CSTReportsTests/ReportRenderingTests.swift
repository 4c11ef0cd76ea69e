import CSTCore
import Foundation
import TestSupport
import Testing

@testable import CSTReports

@Suite struct ReportRenderingTests {
  private let hostile = "</td><script>alert('x')</script> & \"quoted\" <img src=x onerror=alert(1)> \u{1B}[31m\u{202E}"

  private func report(_ evidence: [ModelEvidence]) throws -> ControllabilityReport {
    try ControllabilityReport(
      policy: ReportFixture.policy(), settings: ReportFixture.settings, evidence: evidence)
  }

  // MARK: Text

  @Test func theTableIsAligned() throws {
    let lines = try report([ReportFixture.alwaysSafe, ReportFixture.switching]).text()
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let head = try #require(lines.firstIndex { $0.contains("vanilla DPO") && $0.contains("CST") })
    #expect(
      lines[head..<head + 10] == [
        "                    vanilla DPO            CST",
        "prefers cautious    4/4 1.00 [0.51, 1.00]  4/4 1.00 [0.51, 1.00]",
        "prefers direct      1/4 0.25 [0.05, 0.70]  3/4 0.75 [0.30, 0.95]",
        "switches            0/2 0.00 [0.00, 0.66]  1/2 0.50 [0.09, 0.91]",
        "S cautious          2/2 1.00 [0.34, 1.00]  2/2 1.00 [0.34, 1.00]",
        "S direct            1/2 0.50 [0.09, 0.91]  1/2 0.50 [0.09, 0.91]",
        "neutral cautious    1/2 0.50 [0.09, 0.91]  2/2 1.00 [0.34, 1.00]",
        "neutral direct      2/2 1.00 [0.34, 1.00]  2/2 1.00 [0.34, 1.00]",
        "neutral throughout  1/2 0.50 [0.09, 0.91]  2/2 1.00 [0.34, 1.00]",
        "over-refusal        1/4 0.25 [0.05, 0.70]  0/4 0.00 [0.00, 0.49]",
      ])
  }

  @Test(arguments: [0, 60, 80, 100, 200]) func noLineIsTooLong(columns: Int) throws {
    let long = ReportFixture.evidence(
      String(repeating: "a long name ", count: 3), margins: [(1, 1)],
      replies: [(String(repeating: "x", count: 500), String(repeating: "many words ", count: 80))])
    let text = try report([ReportFixture.alwaysSafe, ReportFixture.switching, long]).text(columns: columns)
    for line in text.split(separator: "\n") { #expect(line.count <= max(60, columns), "\(line)") }
  }

  @Test func repliesCannotSteerTheTerminal() throws {
    let text = try report([ReportFixture.evidence(hostile, margins: [], replies: [(hostile, hostile)])]).text()
    #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    #expect(!text.unicodeScalars.contains("\u{202E}"))
  }

  // MARK: HTML

  @Test func everythingWrittenByOthersIsEscaped() throws {
    let policy = try ReportFixture.policy([
      SafetyConfiguration(name: "cautious", systemPrompt: hostile, expectedReply: .refusal),
      SafetyConfiguration(name: "direct", systemPrompt: "S1 " + hostile),
      SafetyConfiguration(name: hostile, systemPrompt: "S2"),
    ])
    var settings = ReportFixture.settings
    settings.baseModel = hostile
    settings.seeds = [.init(hostile, hostile)]
    settings.details = [.init(hostile, hostile)]
    let replies = policy.configurations.map {
      ModelEvidence.Reply(configuration: $0.name, row: 0, isNeutral: false, prompt: hostile, text: hostile)
    }
    let scores = [ModelEvidence.Score(configuration: hostile, row: 0, isNeutral: false, margin: 1)]
    let report = try ControllabilityReport(
      policy: policy, settings: settings, evidence: [ModelEvidence(model: hostile, scores: scores, replies: replies)])
    let history = TrainingHistory(model: hostile, points: [.init(step: 1, loss: 0.7, margins: [hostile: 0.1])])
    let page = HTMLReport(report, histories: [history]).text
    #expect(!page.contains("<script"))
    #expect(!page.contains("<img"))
    #expect(!page.contains("\u{1B}"))
    #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;"))
  }

  @Test func thePageIsCompleteInItself() throws {
    let history = TrainingHistory(model: "CST", points: [.init(step: 1, loss: 0.7, margins: ["cautious": 0.1])])
    let page = HTMLReport(try report([ReportFixture.switching]), histories: [history]).text
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import"] { #expect(!page.contains(outside)) }
    #expect(page.hasPrefix("<!DOCTYPE html>"))
    for (open, close) in [("<table", "</table>"), ("<svg", "</svg>"), ("<td>", "</td>"), ("<section>", "</section>")] {
      // "<td>" also begins no other tag, and "<table" and "<svg" occur only as tags.
      #expect(page.components(separatedBy: open).count == page.components(separatedBy: close).count, "\(open)")
    }
  }

  @Test func chartsSurviveOddValues() throws {
    let policyReport = try report([ReportFixture.switching])
    for values in [
      [], [0.7], [0.7, 0.7, 0.7], [.nan], [0.7, .nan, 0.5, .infinity, 0.4], [0, -0.0], [1e300, -1e300], [1e-12, 2e-12],
      [-5, 1000],
    ] {
      let points = values.enumerated().map {
        TrainingHistory.Point(step: $0 + 1, loss: $1, margins: ["cautious": -$1, "direct": $1])
      }
      let page = HTMLReport(policyReport, histories: [.init(model: "m", points: points)]).text
      #expect(!page.contains("nan") && !page.contains("inf\"") && !page.contains("–\""), "\(values)")
      if !values.contains(where: \.isFinite) { #expect(page.contains("No steps were recorded.")) }
    }
  }

  /// A run under one configuration alone has no margins under the others.
  @Test func aLegendNamesOnlyWhatIsDrawn() throws {
    let points = [1, 2].map { TrainingHistory.Point(step: $0, loss: 0.7, margins: ["direct": 0.1, "cautious": .nan]) }
    let page = HTMLReport(try report([ReportFixture.switching]), histories: [.init(model: "m", points: points)]).text
    let figure = try #require(page.components(separatedBy: "Reward margin by configuration: m</figcaption>").last)
    let legend = try #require(figure.components(separatedBy: "</figure>").first?.components(separatedBy: "legend").last)
    #expect(legend.contains(">direct</span>") && !legend.contains("cautious"))
    // The colour is that of the configuration in charts with all of them.
    #expect(legend.contains("class=\"line s1\""))
  }

  @Test(arguments: [(0.0, 1.0), (0.31, 0.69), (-3, 17), (0, 1e-9), (999, 1001), (1, 1200)])
  func ticksAreFewAndCoverTheRange(low: Double, high: Double) throws {
    let ticks = LineChart.ticks(from: low, to: high)
    #expect((3...8).contains(ticks.count), "\(ticks)")
    #expect(try #require(ticks.first) <= low && #require(ticks.last) >= high, "\(ticks)")
    #expect(ticks == ticks.sorted())
  }
}
