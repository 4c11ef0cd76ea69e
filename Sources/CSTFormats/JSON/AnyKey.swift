/// A key of any name, for objects whose keys are not known beforehand.
package struct AnyKey: CodingKey, Hashable {
  package let stringValue: String
  package var intValue: Int? { nil }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}
