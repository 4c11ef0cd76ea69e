/// How sure a pair is of its preference.
@nonexhaustive
public enum PreferenceLabels: String, Hashable, Sendable, CaseIterable {
  /// Rows are right: every pair has a preference of 1.
  case hard
  /// As sure as the judge's scores make it, by Bradley and Terry's model of paired comparisons.
  ///
  /// Under configuration i the strength of an answer y is f(y) = follows[i] · addresses, on a neutral row addresses
  /// alone, and the preference is f(chosen) / (f(chosen) + f(rejected)): nothing is clamped, and 1/2 where both are 0.
  /// It is 1 on rows without judge scores, and on rows whose own system prompt is no configuration's, of which the judge
  /// says nothing.
  case fromJudge
}
