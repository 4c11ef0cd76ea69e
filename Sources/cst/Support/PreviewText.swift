import CSTCore
import Foundation

/// What `cst train --dry-run` says.
struct PreviewText: Encodable {
  private struct Share: Encodable {
    let configuration: String?
    let pairs: Int
    let cut: Int
    let equal: Int
    let meanTokens: Double
  }

  private struct Row: Encodable {
    let row: Int
    let place: String?
    let promptTokens: Int
    let answerTokens: Int
  }

  private let steps: Int
  private let tokens: Int
  private let seconds: Double
  private let memoryBytes: Int
  private let retainedReplies: Int
  private let pairs: [Share]
  private let longest: [Row]

  init(_ preview: TrainingPreview) {
    (steps, tokens, seconds) = (preview.steps, preview.tokens, preview.seconds)
    (memoryBytes, retainedReplies) = (preview.memory.total, preview.retainedReplies)
    pairs = preview.shares.map {
      Share(
        configuration: $0.configuration, pairs: $0.pairs, cut: $0.cut, equal: $0.equal, meanTokens: $0.meanTokens)
    }
    longest = preview.longest.map {
      Row(
        row: $0.row, place: $0.place.map { "\($0)" }, promptTokens: $0.promptTokens, answerTokens: $0.answerTokens)
    }
  }

  var text: String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    let names = pairs.map { $0.configuration ?? "of no configuration" }
    let width = (names.map(\.count).max() ?? 0) + 2
    var lines = [
      "pairs of an epoch".padding(toLength: max(width, 19), withPad: " ", startingAt: 0)
        + "  pairs    cut  equal  mean tokens"
    ]
    for (name, share) in zip(names, pairs) {
      lines.append(
        "  " + name.padding(toLength: max(width, 19) - 2, withPad: " ", startingAt: 0)
          + padded("\(share.pairs)", 7) + padded("\(share.cut)", 7) + padded("\(share.equal)", 7)
          + padded(String(format: "%.1f", share.meanTokens), 13))
    }
    if retainedReplies > 0 { lines.append("retained replies     \(retainedReplies) in the whole run") }
    lines.append("longest rows")
    for row in longest {
      lines.append(
        "  \(row.place ?? "row \(row.row)"): \(row.promptTokens) tokens of prompt, \(row.answerTokens) of the longer answer"
      )
    }
    let minutes = Int((seconds / 60).rounded(.up))
    lines += [
      "steps                \(steps), about \(tokens) tokens",
      "time                 about \(seconds < 90 ? "\(Int(seconds.rounded(.up))) s" : "\(minutes) min"), by two steps timed here",
      "memory               about \(memoryBytes / 1_048_576) MiB beside the model file",
    ]
    let equal = pairs.reduce(0) { $0 + $1.equal }
    if equal > 0 {
      lines.append(
        "note: \(equal) pairs have answers that became equal when they were cut: nothing is learnt from them")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
