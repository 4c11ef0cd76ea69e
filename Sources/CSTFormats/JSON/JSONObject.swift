import Foundation

/// An object of a JSON file with typed access to its members: what has another type than the reader asks for is an error
/// that names the file and the key. A member that is `null` counts as absent.
package struct JSONObject: Sendable {
  package let file: String
  /// What comes before a key in errors: empty, or `outer.`.
  private let prefix: String
  /// All of its members, `null` included.
  package let members: JSONMembers

  package static let sizeLimit = 2 << 20

  package init(contentsOf location: URL) throws {
    let mapping = try MappedFile(contentsOf: location)
    guard mapping.size <= Self.sizeLimit else {
      throw FormatError(
        .limit, file: mapping.path, expected: "at most \(Self.sizeLimit) bytes", found: "\(mapping.size)")
    }
    guard case .object(let members) = try JSONReader.value(of: mapping) else {
      throw FormatError(.wrongType, file: mapping.path, expected: "an object", found: "another JSON value")
    }
    self.init(file: mapping.path, prefix: "", members: members)
  }

  private init(file: String, prefix: String, members: JSONMembers) {
    self.file = file
    self.prefix = prefix
    self.members = members
  }

  /// The keys of all members that are not `null`, sorted.
  package var keys: [String] { members.filter { $0.value != .null }.map(\.key).sorted() }

  package func states(_ key: String) -> Bool { members[key] != nil }

  package subscript(key: String) -> JSONValue? { JSONValue.object(members)[key] }

  package func integerIfPresent(_ key: String) throws -> Int? { try value(key, "a whole number", \.integer) }
  package func numberIfPresent(_ key: String) throws -> Double? { try value(key, "a number", \.double) }
  package func booleanIfPresent(_ key: String) throws -> Bool? { try value(key, "true or false", \.bool) }
  package func stringIfPresent(_ key: String) throws -> String? { try value(key, "a text", \.string) }

  package func objectIfPresent(_ key: String) throws -> JSONObject? {
    try value(key, "an object", \.object).map { JSONObject(file: file, prefix: prefix + key + ".", members: $0) }
  }

  package func stringsIfPresent(_ key: String) throws -> [String]? { try list(key, "a list of texts", \.string) }
  package func numbersIfPresent(_ key: String) throws -> [Double]? { try list(key, "a list of numbers", \.double) }

  /// A whole number, or a list of them.
  package func integersIfPresent(_ key: String) throws -> [Int]? {
    if let single = self[key]?.integer { return [single] }
    return try list(key, "a whole number or a list of them", \.integer)
  }

  package func integer(_ key: String) throws -> Int { try integerIfPresent(key) ?? missing(key, "a whole number") }
  package func number(_ key: String) throws -> Double { try numberIfPresent(key) ?? missing(key, "a number") }
  package func string(_ key: String) throws -> String { try stringIfPresent(key) ?? missing(key, "a text") }

  package func error(_ key: String, expected: String, found: String? = nil, advice: String = "") -> FormatError {
    FormatError(
      .badValue, file: file, at: .key(prefix + key), expected: expected,
      found: found ?? self[key].map { $0.summary } ?? "no such key", advice: advice)
  }

  private func missing<Value>(_ key: String, _ expected: String) throws -> Value {
    throw FormatError(.missing, file: file, at: .key(prefix + key), expected: expected, found: "no such key")
  }

  private func value<Value>(_ key: String, _ expected: String, _ convert: (JSONValue) -> Value?) throws -> Value? {
    guard let value = self[key] else { return nil }
    guard let converted = convert(value) else {
      throw FormatError(.wrongType, file: file, at: .key(prefix + key), expected: expected, found: value.summary)
    }
    return converted
  }

  private func list<Element>(
    _ key: String, _ expected: String, _ convert: (JSONValue) -> Element?
  ) throws -> [Element]? {
    try value(key, expected) { value in
      guard case .array(let elements) = value else { return nil }
      let converted = elements.compactMap(convert)
      return converted.count == elements.count ? converted : nil
    }
  }
}

extension JSONValue {
  /// The value in a few words, for errors.
  fileprivate var summary: String {
    switch self {
    case .array(let elements): "a list of \(elements.count)"
    case .object(let members): "an object of \(members.count)"
    default: description
    }
  }
}
