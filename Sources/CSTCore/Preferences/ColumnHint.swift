/// What to say where a row lacks a field: which of its columns is probably meant, or what kind of data this is.
package enum ColumnHint {
  /// Other names that published datasets have for fields, the usual ones first.
  private static let others: [(field: String, names: [String])] = [
    (
      "prompt",
      [
        "question", "instruction", "query", "input", "user", "problem", "user_prompt", "prompt_text", "user_input",
        "question_text", "conversations", "conversation", "context", "x", "task_description", "post", "text",
      ]
    ),
    (
      "chosen",
      [
        "accepted", "chosen_response", "preferred", "preferred_response", "response_chosen", "answer_chosen",
        "chosen_answer", "chosen_text", "chosen_output", "accepted_response", "better", "better_response", "winner",
        "win", "positive", "good", "y_w", "response_j", "output_chosen", "accept", "preferred_output", "choosen",
      ]
    ),
    (
      "rejected",
      [
        "rejected_response", "dispreferred", "dispreferred_response", "non_preferred", "response_rejected",
        "answer_rejected", "rejected_answer", "rejected_text", "rejected_output", "worse", "worse_response", "loser",
        "lose", "negative", "bad", "y_l", "response_k", "output_rejected", "reject", "non_preferred_output",
        "not_preferred", "unpreferred",
      ]
    ),
  ]

  /// Why a field is missing and how the row can be read all the same.
  package static func advice(onMissing field: String, in members: JSONMembers) -> String {
    if let kind = kind(of: members) { return "missing; \(kind)" }
    let missing = others.filter { members[$0.field].map { $0 == .null } ?? true }
    var found: [(field: String, columns: String)] = []
    for (field, names) in missing {
      let taken = Set(found.flatMap { $0.columns.split(separator: "+").map(String.init) })
      guard let column = column(for: field, names, among: members, except: taken) else { continue }
      // Alpaca's rows ask with an instruction and what it is about.
      let hasInput = field == "prompt" && column == "instruction" && !(members["input"] ?? .null).saysNothing
      found.append((field, hasInput ? "instruction+input" : column))
    }
    if found.contains(where: { $0.field == field }) {
      let columns = found.map { "\($0.field)=\($0.columns)" }.joined(separator: ",")
      let named = found.map(\.columns).joined(separator: ", ")
      return "missing; the row has \(named.excerpt(80)): --columns \(columns) reads it"
    }
    let keys = members.keys.map { $0.excerpt(24) }.prefix(8).joined(separator: ", ")
    return keys.isEmpty
      ? "missing" : "missing; the row has \(keys): name the column that holds it, --columns \(field)=NAME"
  }

  private static func column(
    for field: String, _ names: [String], among members: JSONMembers, except taken: Set<String>
  ) -> String? {
    let columns = members.filter { ["prompt", "chosen", "rejected", "system", "task"].contains($0.key) == false }
      .filter { !taken.contains($0.key) && ($0.value.string != nil || $0.value.array != nil || $0.value.object != nil) }
      .map(\.key)
    func plain(_ name: String) -> String { name.lowercased().replacing("-", with: "_").replacing(" ", with: "_") }
    for name in names {
      if let column = columns.first(where: { plain($0) == name }) { return column }
    }
    // A name that has the field's in it, unless it is a number about it or another's.
    return columns.first { column in
      let column = plain(column)
      return column.contains(field)
        && !["score", "rating", "id", "model", "source", "reward"].contains(where: column.contains)
    }
  }

  /// What kind of data a row without a field is, where it is none of pairs.
  private static func kind(of members: JSONMembers) -> String? {
    let lists = members.filter { $0.value.array?.first?.object != nil }
    let hasAnswers = ["chosen", "rejected", "answers", "prompt"].contains { members[$0] != nil }
    if members["completion"] != nil, members["label"]?.bool != nil {
      return "this is unpaired data, one answer a row with a label (KTO's form); pairs of answers are needed"
    }
    if !hasAnswers, members["messages"]?.array != nil {
      return "the row has one conversation and no second answer (the form for supervised tuning); pairs are needed"
    }
    if members["completions"]?.array != nil {
      return "the row has several completions with ratings; pairs are needed: take a binarised version of the dataset"
    }
    if !hasAnswers, members.count <= 3, let list = lists.first {
      let key = list.key.excerpt(24)
      return "the rows are a list under the key \"\(key)\": jq -c '.\(key)[]' FILE > rows.jsonl"
    }
    return nil
  }
}
