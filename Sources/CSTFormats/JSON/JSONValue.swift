import Foundation

/// Any JSON value: what a file says before anybody has decided what it means.
///
/// As a column of a dataset it is kept without being understood. Texts, `true`, `false`, `null` and the structure come back
/// exactly. So does the *value* of every number of up to 38 significant digits from 10⁻⁸⁹ to 10⁸⁹ in size, whole numbers
/// beyond 64 bits included, and of every other number that is some `Double` in its shortest notation; what lies outside
/// that is rounded by Foundation, and reading a dataset refuses it. There the *notation* is not kept: `1.0` and `1e0` are
/// written as `1`; nor is the order of an object's members, which `Codable` does not tell.
public enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number.
  case number(JSONNumber)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// An object.
  case object(JSONMembers)

  /// A whole number.
  public static func integer(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
  /// A finite number.
  public static func double(_ value: Double) -> JSONValue { .number(JSONNumber(value)) }

  /// The value as a whole number, or `nil` where it is none or does not fit.
  public var integer: Int? { if case .number(let number) = self { number.integer } else { nil } }
  /// The value as a number, or `nil` where it is none.
  public var double: Double? { if case .number(let number) = self { number.double } else { nil } }
  /// The value as a truth value, or `nil` where it is none.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The value as a text, or `nil` where it is none.
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  /// The elements, or `nil` where this is no list.
  public var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
  /// The members, or `nil` where this is no object.
  public var object: JSONMembers? { if case .object(let members) = self { members } else { nil } }

  /// The member of this name; `nil` where there is none, where it is `null` or where this is no object.
  public subscript(key: String) -> JSONValue? { object?[key].flatMap { $0 == .null ? nil : $0 } }

  /// The truth value of a member, false where there is none.
  package func flag(_ key: String, refusal: (String) -> FormatError) throws -> Bool {
    guard let member = self[key] else { return false }
    guard let flag = member.bool else { throw refusal("\(member)") }
    return flag
  }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A truth value written in the source.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A whole number written in the source.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A text written in the source.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A list written in the source.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// An object written in the source.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONMembers(elements.map { ($0, $1) }))
  }
}

extension JSONValue: Codable {
  /// Reads any JSON value.
  ///
  /// - Throws: `DecodingError` for a number too large for a `Double`.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let text = try? value.decode(String.self) {
      self = .string(text)
    } else if let number = try? JSONNumber(from: decoder) {
      self = .number(number)
    } else if let truth = try? value.decode(Bool.self) {
      self = .bool(truth)
    } else if let fields = try? decoder.container(keyedBy: AnyKey.self) {
      // A decoder has keys in no order; sorted, the same text always gives the same value.
      let keys = fields.allKeys.sorted { $0.stringValue < $1.stringValue }
      self = .object(JSONMembers(try keys.map { ($0.stringValue, try fields.decode(JSONValue.self, forKey: $0)) }))
    } else {
      var elements = try decoder.unkeyedContainer()
      var list: [JSONValue] = []
      while !elements.isAtEnd { list.append(try elements.decode(JSONValue.self)) }
      self = .array(list)
    }
  }

  /// Writes the value.
  public func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .null: try value.encodeNil()
    case .bool(let truth): try value.encode(truth)
    case .number(let number): try number.encode(to: encoder)
    case .string(let text): try value.encode(text)
    case .array(let elements): try value.encode(elements)
    case .object(let members):
      var fields = encoder.container(keyedBy: AnyKey.self)
      for (name, member) in members { try fields.encode(member, forKey: AnyKey(stringValue: name)) }
    }
  }
}
