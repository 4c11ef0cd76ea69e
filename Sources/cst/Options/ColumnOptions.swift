import ArgumentParser
import CSTCore
import CSTData

/// What the columns of a dataset are called.
struct ColumnOptions: ParsableArguments {
  @Option(
    help: .init(
      "Read fields from columns of these names: prompt=question,chosen=accepted,rejected=declined, or "
        + "prompt=instruction+input, answers.NAME=column (default: the fields' own names).", valueName: "field=column,…"
    ),
    transform: Self.names(from:))
  var columns = ColumnNames.usual

  private static func names(from text: String) throws -> ColumnNames {
    guard let names = ColumnNames(text) else {
      throw ValidationError(
        "it must be FIELD=COLUMN with commas between, each field once, of prompt, chosen, rejected, system, configuration, "
          + "task, tools and answers.NAME")
    }
    return names
  }
}

/// What of a model's `config.json` is not looked at.
struct KeyOptions: ParsableArguments {
  @Option(
    help: .init(
      "Ignore these keys of a folder's config.json, with commas between, which would be refused because nobody here knows "
        + "what they change; the run's record says so.", valueName: "names"))
  var ignoreKeys: String?

  var keys: Set<String> {
    Set((ignoreKeys ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty })
  }
}

/// What is said of rows whose fields a model's template does not write.
enum UnseenFields {
  /// Notes on standard error what the chat template leaves out, with the number of rows.
  static func note(_ pairs: [ConfiguredPair], _ template: ChatTemplate) {
    var rows: [String: Set<Int>] = [:]
    for pair in pairs {
      for name in template.unseenFields(of: pair.prompt + pair.answers, tools: pair.tools) {
        rows[name, default: []].insert(pair.source)
      }
    }
    note(rows.mapValues(\.count), of: "rows")
  }

  static func note(_ counts: [String: Int], of what: String) {
    guard !counts.isEmpty else { return }
    let list = counts.sorted { $0.key < $1.key }.map { name, count in
      what.isEmpty ? name : "\(name) (\(count) \(count == 1 ? "row" : what))"
    }
    Console.note(
      "note: the chat template does not look at \(Console.singleLine(list.joined(separator: ", "))): the model does not see "
        + "it\n")
  }
}
