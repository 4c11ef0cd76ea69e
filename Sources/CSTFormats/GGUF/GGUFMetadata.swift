/// The key-value pairs of a GGUF file, in the file's order.
///
///     let layers = try metadata.integer("llama.block_count")                 // required
///     let bos = try metadata.integerIfPresent("tokenizer.ggml.bos_token_id") // nil only where the key is absent
///
/// The accessors throw ``FormatError`` naming the file and the key: `missing` where a required key is absent, `wrongType`
/// where the value is of another type, or an integer outside `Int`. A value of the wrong type is never taken for absent.
package struct GGUFMetadata: Sendable, Hashable {
  package let file: String
  /// All keys, in the file's order.
  package private(set) var keys: [String] = []
  private var values: [String: GGUFValue] = [:]

  /// Creates empty metadata; `file` is what errors call it.
  package init(file: String = "memory") { self.file = file }

  package var count: Int { keys.count }

  /// The value of `key`. Setting a new key adds it at the end; setting nil removes it.
  /// - Complexity: O(1); removal is O(`count`).
  package subscript(key: String) -> GGUFValue? {
    get { values[key] }
    set {
      let old = values[key]
      values[key] = newValue
      switch (old, newValue) {
      case (nil, .some): keys.append(key)
      case (.some, nil): keys.removeAll { $0 == key }
      default: break
      }
    }
  }
}

extension GGUFMetadata: ExpressibleByDictionaryLiteral {
  /// Creates metadata in the literal's order; a repeated key keeps its last value.
  package init(dictionaryLiteral elements: (String, GGUFValue)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}

// MARK: - Required values

extension GGUFMetadata {
  package func string(_ key: String) throws -> String { try required(key, "a string", \.string) }

  package func integer(_ key: String) throws -> Int { try required(key, "an integer", \.integer) }

  package func float(_ key: String) throws -> Float { try required(key, "a floating-point number", \.float) }

  package func boolean(_ key: String) throws -> Bool { try required(key, "a bool", \.boolean) }

  package func strings(_ key: String) throws -> [String] { try required(key, "an array of strings", \.array?.strings) }

  package func integers(_ key: String) throws -> [Int] { try required(key, "an array of integers", \.array?.integers) }

  package func floats(_ key: String) throws -> [Float] {
    try required(key, "an array of floating-point numbers", \.array?.floats)
  }

  package func booleans(_ key: String) throws -> [Bool] { try required(key, "an array of bools", \.array?.booleans) }
}

// MARK: - Values that may be absent

extension GGUFMetadata {
  package func stringIfPresent(_ key: String) throws -> String? { try optional(key, "a string", \.string) }

  /// The integer at `key`, of any width, or nil where there is no such key.
  package func integerIfPresent(_ key: String) throws -> Int? { try optional(key, "an integer", \.integer) }

  package func floatIfPresent(_ key: String) throws -> Float? { try optional(key, "a floating-point number", \.float) }

  package func booleanIfPresent(_ key: String) throws -> Bool? { try optional(key, "a bool", \.boolean) }

  package func stringsIfPresent(_ key: String) throws -> [String]? {
    try optional(key, "an array of strings", \.array?.strings)
  }

  /// The integers at `key`, of any width, or nil where there is no such key.
  package func integersIfPresent(_ key: String) throws -> [Int]? {
    try optional(key, "an array of integers", \.array?.integers)
  }

  private func required<Value>(_ key: String, _ expected: String, _ convert: (GGUFValue) -> Value?) throws -> Value {
    guard let value = try optional(key, expected, convert) else {
      throw FormatError(.missing, file: file, at: .key(key), expected: expected, found: "no such key")
    }
    return value
  }

  private func optional<Value>(_ key: String, _ expected: String, _ convert: (GGUFValue) -> Value?) throws -> Value? {
    guard let value = values[key] else { return nil }
    guard let converted = convert(value) else {
      throw FormatError(.wrongType, file: file, at: .key(key), expected: expected, found: "\(value)")
    }
    return converted
  }
}
