/// A JSON object whose members are asked for by the keys that a reader and a writer share.
struct KeyedObject<Key: RawRepresentable<String>> {
  let object: JSONObject

  /// Whether the key is there, be it with the value `null`.
  func states(_ key: Key) -> Bool { object.states(key.rawValue) }

  func integerIfPresent(_ key: Key) throws -> Int? { try object.integerIfPresent(key.rawValue) }
  func numberIfPresent(_ key: Key) throws -> Double? { try object.numberIfPresent(key.rawValue) }
  func booleanIfPresent(_ key: Key) throws -> Bool? { try object.booleanIfPresent(key.rawValue) }
  func stringIfPresent(_ key: Key) throws -> String? { try object.stringIfPresent(key.rawValue) }
  func stringsIfPresent(_ key: Key) throws -> [String]? { try object.stringsIfPresent(key.rawValue) }
  func numbersIfPresent(_ key: Key) throws -> [Double]? { try object.numbersIfPresent(key.rawValue) }
  func integer(_ key: Key) throws -> Int { try object.integer(key.rawValue) }
  func number(_ key: Key) throws -> Double { try object.number(key.rawValue) }
  func string(_ key: Key) throws -> String { try object.string(key.rawValue) }

  /// The object under a key, with keys of its own.
  func objectIfPresent<Inner>(_ key: Key) throws -> KeyedObject<Inner>? {
    guard let inner = try object.objectIfPresent(key.rawValue) else { return nil }
    return KeyedObject<Inner>(object: inner)
  }

  /// The error for a member whose value is not what it should be.
  func error(_ key: Key, expected: String, found: String? = nil, advice: String = "") -> FormatError {
    object.error(key.rawValue, expected: expected, found: found, advice: advice)
  }
}
