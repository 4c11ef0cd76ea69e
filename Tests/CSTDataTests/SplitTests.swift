import CSTCore
import CSTData
import Testing

@Suite struct SplitTests {
  private func row(_ prompt: String, _ number: Int) -> PreferencePair {
    PreferencePair(
      prompt: [.user(prompt)], answers: .byConfiguration(["cautious": "no \(number)", "direct": "yes \(number)"]))
  }

  private func rows(_ count: Int) -> [PreferencePair] {
    (0..<count).map { row("question number \($0) about subject \($0 * 7) please", $0) }
  }

  @Test(arguments: [0, 0.1, 0.25, 0.5, 1]) func dividesEveryRowOnce(share: Double) {
    let rows = rows(40)
    let parts = rows.split(heldOut: share, seed: 17)
    #expect(parts.heldOut.count == Int(40 * share))
    #expect(Set(parts.training).isDisjoint(with: parts.heldOut))
    #expect(Set(parts.training).union(parts.heldOut) == Set(rows))
    for part in [parts.training, parts.heldOut] { #expect(part == rows.filter(part.contains)) }
  }

  @Test func theSeedDecides() {
    let rows = rows(200)
    let first = rows.split(heldOut: 0.2, seed: 1).heldOut
    #expect(first == rows.split(heldOut: 0.2, seed: 1).heldOut)
    #expect(first != rows.split(heldOut: 0.2, seed: 2).heldOut)
  }

  @Test(arguments: 0..<20) func nearDuplicatePromptsStayTogether(seed: UInt64) {
    let rows = rows(20).flatMap { [$0, row($0.promptText.uppercased() + "!", 1000)] }
    let parts = rows.split(heldOut: 0.3, seed: seed)
    #expect(parts.heldOut.count == 12)
    let prompts = Set(parts.training.map { $0.promptText.lowercased().filter(\.isLetterOrDigit) })
    #expect(parts.heldOut.allSatisfy { !prompts.contains($0.promptText.lowercased().filter(\.isLetterOrDigit)) })
  }

  @Test func twinsNeverStraddle() throws {
    let policy = try SafetyPolicy(
      name: "p",
      configurations: [
        SafetyConfiguration(name: "cautious", systemPrompt: "S0"),
        SafetyConfiguration(name: "direct", systemPrompt: "S1"),
      ],
      defaultName: "cautious")
    let parts = rows(50).split(heldOut: 0.2, seed: 4)
    let training = try parts.training.configured(by: policy)
    let heldOut = try parts.heldOut.configured(by: policy)
    #expect(training.count == 80 && heldOut.count == 20)
    #expect(Set(training.map { $0.prompt.last }).isDisjoint(with: heldOut.map { $0.prompt.last }))
  }

  @Test func anEmptyDatasetSplitsIntoTwo() {
    let parts = [PreferencePair]().split(heldOut: 0.5, seed: 0)
    #expect(parts.training.isEmpty && parts.heldOut.isEmpty)
  }

  @Test func aGroupThatDoesNotFitIsTrainedOn() {
    let rows = (0..<9).map { row("the very same question", $0) } + [row("something else entirely", 9)]
    #expect(rows.split(heldOut: 0.2, seed: 3).heldOut == [rows[9]])
  }
}

extension Character {
  fileprivate var isLetterOrDigit: Bool { isLetter || isNumber }
}
