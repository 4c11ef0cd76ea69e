/// The members of a JSON object in the order of the text.
///
/// Keys are told apart by their bytes, as JSON does, where Swift's `==` takes canonically equivalent texts for one: a
/// vocabulary has both. The order counts for writing only: objects with equal members are equal.
public struct JSONMembers: Sendable {
  /// A key and its value.
  public typealias Element = (key: String, value: JSONValue)

  private var pairs: [Element] = []

  /// No members.
  public init() {}

  /// The keys in order.
  public var keys: [String] { pairs.map(\.key) }

  /// The value of a key, `nil` where there is none. Setting `nil` removes the member; setting another value leaves it in
  /// its place or adds it at the end.
  ///
  /// - Complexity: O(members).
  public subscript(key: String) -> JSONValue? {
    get { position(of: key).map { pairs[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): pairs[position].value = value
      case (let position?, nil): pairs.remove(at: position)
      case (nil, let value?): pairs.append((key, value))
      case (nil, nil): break
      }
    }
  }

  private func position(of key: String) -> Int? { pairs.firstIndex { $0.key.utf8.elementsEqual(key.utf8) } }
}

extension JSONMembers: RandomAccessCollection, RangeReplaceableCollection, ExpressibleByDictionaryLiteral {
  /// The members that a literal lists.
  public init(dictionaryLiteral elements: (String, JSONValue)...) { pairs = elements.map { ($0, $1) } }

  /// The position of the first member.
  public var startIndex: Int { 0 }
  /// The position behind the last member.
  public var endIndex: Int { pairs.count }
  /// The member at a position.
  public subscript(position: Int) -> Element { pairs[position] }

  /// Puts other members in the place of some.
  public mutating func replaceSubrange(_ range: Range<Int>, with elements: some Collection<Element>) {
    pairs.replaceSubrange(range, with: elements)
  }

  var sorted: [Element] { pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
}

extension JSONMembers: Hashable {
  /// Whether both have the same keys with the same values.
  public static func == (left: Self, right: Self) -> Bool {
    left.count == right.count
      && zip(left.sorted, right.sorted).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
  }

  /// Adds the keys.
  public func hash(into hasher: inout Hasher) { hasher.combine(Set(keys)) }
}
