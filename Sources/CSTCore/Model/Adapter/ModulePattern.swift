/// Values for some modules instead of the one for all: PEFT's `rank_pattern` and `alpha_pattern`.
///
/// The first key counts for which `(.*\.)?(key)$` matches a module's whole path: `down_proj`, `layers.0.mlp.down_proj`, or a
/// regular expression.
public struct ModulePattern<Value: Sendable & Hashable>: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// A key and the value for the modules it matches.
  public struct Entry: Sendable, Hashable {
    /// What the end of a module's path is to match.
    public let key: String
    /// The value for those modules.
    public let value: Value
  }

  /// The keys in their order.
  public private(set) var entries: [Entry]

  /// Keys and values in their order.
  public init(_ entries: [(key: String, value: Value)]) {
    self.entries = entries.map { Entry(key: $0.key, value: $0.value) }
  }

  /// Keys and values as a literal lists them.
  public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements.map { ($0, $1) }) }

  /// What finds the value for a path; `name` is what PEFT calls the pattern.
  func lookup(_ name: String) throws(LoRAConfigurationError) -> (String) -> Value? {
    var expressions: [(ModuleExpression, Value)] = []
    for entry in entries { expressions.append((try ModuleExpression(ending: entry.key, name), entry.value)) }
    return { [expressions] path in expressions.first { $0.0.matches(path) }?.1 }
  }

  /// A pattern with the same values for these modules whose keys can stand in any order, because JSON objects are
  /// sorted by those who write them.
  /// - Parameters:
  ///   - values: Of every module, by its path.
  ///   - base: The value of modules that no key matches.
  func sorted(
    for values: [(path: String, value: Value)], base: Value, _ name: String
  ) throws(LoRAConfigurationError) -> ModulePattern {
    let others = values.filter { $0.value != base }
    guard !others.isEmpty else { return [:] }
    var keys: Set<String> = []
    var sorted = self
    sorted.entries = entries.filter { keys.insert($0.key).inserted }.sorted { $0.key < $1.key }
    let lookup = try sorted.lookup(name)
    return values.allSatisfy { (lookup($0.path) ?? base) == $0.value }
      ? sorted : ModulePattern(others.map { ($0.path, $0.value) })
  }
}
