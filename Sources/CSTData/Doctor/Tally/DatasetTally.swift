import CSTCore

/// What is kept of all rows: hashes, lengths and numbers, no texts.
struct DatasetTally {
  /// A statement with its row and its scope's number.
  struct Entry {
    let row: UInt32
    var scope: UInt32
    var statement: Statement
  }

  let source: any RowSource
  let hasPolicy: Bool
  let nearDuplicates: NearDuplicates
  var findings: FindingCollector
  private(set) var entries: [Entry] = []
  /// Numbered scopes: the policy's first, then as they appear.
  private(set) var scopes: [StatedScope] = []
  private(set) var neutralRows = 0
  /// For every row the number of its prompt, or ``none`` where it cannot be read. Prompts of the same shingles are one.
  private(set) var promptOfRow: [UInt32] = []
  /// For every row the hash of its prompt's words.
  private(set) var wordsOfRow: [UInt64] = []
  /// The different prompts' shingles.
  private(set) var prompts = ShingleSets.Builder()

  private var scopeNumbers: [UInt64: UInt32] = [:]
  private var promptNumbers: [UInt64: UInt32] = [:]
  /// Rows with an answer per configuration, by the configurations they answer for.
  private var rowsByNames: [[String]: [UInt32]] = [:]

  static let none = UInt32.max

  init(_ source: any RowSource, _ check: DatasetCheck) {
    self.source = source
    hasPolicy = check.policy != nil
    nearDuplicates = check.nearDuplicates
    findings = FindingCollector(exampleCount: check.exampleCount)
    for configuration in check.policy?.configurations ?? [] { _ = number(of: .configuration(configuration.name)) }
  }

  // MARK: Adding rows

  mutating func add(_ record: RowRecord) {
    let row = UInt32(promptOfRow.count)
    for find in record.finds { report(find.kind, row) { _ in find.detail } }
    if record.isNeutral { neutralRows += 1 }
    promptOfRow.append(record.prompt.map { number(of: $0) } ?? Self.none)
    wordsOfRow.append(record.prompt?.words ?? 0)
    if let names = record.answeredNames { rowsByNames[names, default: []].append(row) }
    for (scope, statement) in record.statements {
      entries.append(Entry(row: row, scope: number(of: scope), statement: statement))
    }
  }

  private mutating func number(of scope: StatedScope) -> UInt32 {
    if let number = scopeNumbers[scope.identity] { return number }
    let number = UInt32(scopes.count)
    scopes.append(scope)
    scopeNumbers[scope.identity] = number
    return number
  }

  private mutating func number(of prompt: ShingledText) -> UInt32 {
    var hash = ContentHash()
    for shingle in prompt.shingles { hash.combine(shingle) }
    if let number = promptNumbers[hash.value] { return number }
    let number = UInt32(promptNumbers.count)
    promptNumbers[hash.value] = number
    prompts.append(prompt.shingles)
    return number
  }

  // MARK: The whole dataset

  /// Adds what is wrong between rows and with the whole, once all rows are in.
  mutating func finish(against others: [OtherPrompts]) {
    if let problem = source.interruption {
      findings.add(.unreadableRow, .init(line: problem.line, detail: "\(problem.reason): \(problem.detail)"))
    } else if source.count == 0 {
      findings.add(.noRows, .init(line: nil, detail: "there are no rows"))
    }
    if !hasPolicy {
      checkAnsweredNames()
      spreadNeutralStatements()
    }
    let contradicting = checkLabels()
    checkTwins()
    checkPrompts(except: contradicting, against: others)
    checkLengths()
    checkOpeners()
    checkNeutralShare()
  }

  /// Without a policy, neutral rows hold under every configuration that the dataset names.
  private mutating func spreadNeutralStatements() {
    let named = scopes.indices.filter { scopes[$0].form == .configuration }.map { UInt32($0) }
    guard neutralRows > 0, !named.isEmpty else { return }
    entries = entries.flatMap { entry in
      guard entry.statement.traits.contains(.neutral) else { return [entry] }
      return named.enumerated().map { position, scope in
        var copy = entry
        copy.scope = scope
        if position > 0 { copy.statement.traits.formUnion(.again) }
        return copy
      }
    }
  }

  private mutating func checkAnsweredNames() {
    let sets = rowsByNames.sorted { ($1.value.count, $0.value[0]) < ($0.value.count, $1.value[0]) }
    guard let usual = sets.first, sets.count > 1 else { return }
    let unusual = sets.dropFirst().flatMap { names, rows in rows.map { (row: $0, names: names) } }
    for (row, names) in unusual.sorted(by: { $0.row < $1.row }) {
      report(.unevenAnswers, row) { _ in
        "answers for \(PreferenceError.list(names)); most rows for \(PreferenceError.list(usual.key))"
      }
    }
  }

  private mutating func checkNeutralShare() {
    guard scopes.contains(where: { $0.form == .configuration }), source.count >= 20 else { return }
    let scopes = scopes
    let named = Set(entries.filter { scopes[Int($0.scope)].form == .configuration }.map(\.row)).count
    let share = Double(neutralRows) / Double(max(1, named))
    guard named >= 20, share < 0.05 || share > 0.8 else { return }
    findings.add(.neutralShare, .init(line: nil, detail: "\(neutralRows) of \(named) rows are neutral"))
  }

  // MARK: Reporting

  /// Counts a finding in a row.
  /// - Parameters:
  ///   - other: The row it is at odds with.
  ///   - detail: Only called where the example is one of the first.
  mutating func report(_ kind: Finding.Kind, _ row: UInt32, other: UInt32? = nil, detail: (Self) -> String) {
    report(kind, row, otherLine: other.map(line), otherFile: nil, detail: detail)
  }

  /// The same for a line of another file.
  mutating func report(
    _ kind: Finding.Kind, _ row: UInt32, otherLine: Int?, otherFile: String?, detail: (Self) -> String
  ) {
    guard findings.wantsExample(of: kind) else { return findings.count(kind) }
    // Nobody reads more of a line than this.
    let text = detail(self).excerpt(240)
    let line = line(of: row)
    findings.add(kind, .init(line: line, other: otherLine, otherFile: otherFile, detail: text))
  }

  func line(of row: UInt32) -> Int { source.line(of: Int(row)) }

  /// The start of a row's prompt, read again.
  func promptExcerpt(_ row: UInt32) -> String {
    (try? source.pair(at: Int(row))).map { "\"\($0.promptText.excerpt())\"" } ?? ""
  }
}
