import CSTCore
import CSTData
import Testing

@Suite struct StratifiedSplitTests {
  private func row(_ number: Int, task: String?, neutral: Bool = false, copies: String = "") -> PreferencePair {
    PreferencePair(
      prompt: [.user("question number \(number) about subject \(number * 7) please\(copies)")],
      answers: neutral
        ? .ranked(chosen: "w\(number)\(copies)", rejected: "l", scope: .everyConfiguration)
        : .byConfiguration(["c0": "a\(number)\(copies)", "c1": "b"]), task: task)
  }

  private func counts(_ rows: [PreferencePair]) -> [String: Int] {
    Dictionary(rows.map { ($0.task ?? "none", 1) }, uniquingKeysWith: +)
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func everyKindKeepsItsShare(seed: UInt64) {
    // 60 rows of one kind, 30 of another, 10 without a task, in one order after the other and mixed.
    let rows = (0..<100).map { row($0, task: $0 % 10 == 0 ? nil : $0 % 3 == 0 ? "b" : "a") }
    let parts = rows.split(heldOut: 0.1, seed: seed, stratifiedBy: [.task])
    #expect(counts(rows) == ["a": 60, "b": 30, "none": 10])
    #expect(counts(parts.heldOut) == ["a": 6, "b": 3, "none": 1])
    for part in [parts.training, parts.heldOut] { #expect(part == rows.filter(part.contains)) }
    #expect(parts.training.count + parts.heldOut.count == 100)
    #expect(parts.heldOut == rows.split(heldOut: 0.1, seed: seed, stratifiedBy: [.task]).heldOut)
    #expect(parts.heldOut != rows.split(heldOut: 0.1, seed: seed + 100, stratifiedBy: [.task]).heldOut)
  }

  @Test func smallKindsShareWhatRoundingLeaves() {
    // Twenty kinds of four rows: a tenth is 0.4 of each, eight in all; earlier kinds get them.
    let rows = (0..<80).map { row($0, task: "task \($0 / 4)") }
    let heldOut = rows.split(heldOut: 0.1, seed: 3, stratifiedBy: [.task]).heldOut
    #expect(counts(heldOut) == Dictionary(uniqueKeysWithValues: (0..<8).map { ("task \($0)", 1) }))
    // 15 and 5 rows: a half is 7.5 and 2.5, ten in all; the first kind gets the odd one.
    let two = (0..<20).map { row($0, task: $0 < 15 ? "a" : "b") }
    #expect(counts(two.split(heldOut: 0.5, seed: 3, stratifiedBy: [.task]).heldOut) == ["a": 8, "b": 2])
  }

  @Test func formsAreKindsAndCombineWithTasks() throws {
    let rows = (0..<80).map { row($0, task: $0 % 2 == 0 ? "a" : "b", neutral: $0 % 4 < 2) }
    let heldOut = rows.split(heldOut: 0.25, seed: 8, stratifiedBy: [.form]).heldOut
    #expect(heldOut.count(where: \.isNeutral) == 10 && heldOut.count == 20)
    let both = rows.split(heldOut: 0.25, seed: 8, stratifiedBy: [.task, .form]).heldOut
    for (task, neutral) in [("a", true), ("a", false), ("b", true), ("b", false)] {
      #expect(both.count { $0.task == task && $0.isNeutral == neutral } == 5)
    }
    // Written out with system prompts they are of the same kinds, and twins stay on one side.
    let policy = try SafetyPolicy(
      name: "p", configurations: (0..<2).map { SafetyConfiguration(name: "c\($0)", systemPrompt: "S\($0)") },
      defaultName: "c0")
    let spelled = try rows.spelledOut(by: policy).split(heldOut: 0.25, seed: 8, stratifiedBy: [.form])
    #expect(spelled.heldOut.count { $0.columns["cst_form"] == .string("neutral") } == 20)
    #expect(spelled.heldOut.count == 40)
    let groups = Set(spelled.training.map { $0.columns["cst_row"] })
    #expect(spelled.heldOut.allSatisfy { !groups.contains($0.columns["cst_row"]) })
    #expect(try spelled.heldOut.folded(by: policy).count == 20)
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func groupsStayTogetherAndNoneIsLeftThatFits(seed: UInt64) {
    // Groups of one to four near duplicates, some of two kinds.
    let rows = (0..<30).flatMap { number in
      (0...number % 4).map { copy in
        row(number, task: (number + copy / 3) % 2 == 0 ? "a" : "b", copies: String(repeating: "!", count: copy))
      }
    }
    let parts = rows.split(heldOut: 0.3, seed: seed, stratifiedBy: [.task])
    let (all, held) = (counts(rows), counts(parts.heldOut))
    let room = all.mapValues { Int((0.3 * Double($0)).rounded(.up)) }
    #expect(held.allSatisfy { $0.value <= room[$0.key] ?? 0 })
    #expect(parts.heldOut.count <= Int((0.3 * Double(rows.count)).rounded()))
    func number(_ row: PreferencePair) -> String { row.promptText.filter { $0 != "!" } }
    #expect(Set(parts.training.map(number)).isDisjoint(with: parts.heldOut.map(number)))
    let left = Dictionary(grouping: parts.training, by: number).values.map(counts)
    let floor = all.mapValues { Int(0.3 * Double($0)) }
    for group in left {
      #expect(!group.allSatisfy { (held[$0.key] ?? 0) + $0.value <= floor[$0.key] ?? 0 }, "\(group) would fit")
    }
  }
}
