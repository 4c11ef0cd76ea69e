extension PreferencePair {
  /// What a row was before its preferences were written out as rows with system prompts.
  package enum SpelledForm: String, Sendable, CaseIterable {
    /// One answer per configuration.
    case answers
    /// A neutral row.
    case neutral
    /// A row of a named configuration.
    case configuration
    /// The same row: it had a system prompt of its own, which happens to be a configuration's.
    case system
  }

  /// The column that rows have in common which were one row before they were written out with system prompts.
  public static let groupColumn = "cst_row"
  /// The column that says what that row was: `answers`, `neutral`, `configuration` or `system`.
  public static let formColumn = "cst_form"

  /// What the row was before it was written out, where its column says so.
  package var spelledForm: SpelledForm? { columns[Self.formColumn]?.string.flatMap(SpelledForm.init) }
}
