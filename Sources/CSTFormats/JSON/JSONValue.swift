import Foundation

/// Any JSON value, for columns of a dataset that are kept without being understood.
///
/// Texts, `true`, `false`, `null` and the structure come back exactly. So does the *value* of every number of up to 38
/// significant digits from 10⁻⁸⁹ to 10⁸⁹ in size, whole numbers beyond 64 bits included, and of every other number that is
/// some `Double` in its shortest notation; what lies outside that is rounded by Foundation, and reading a dataset refuses
/// it. The *notation* is not kept: `1.0` and `1e0` are written as `1`. The order of an object's keys is not kept either.
public enum JSONValue: Hashable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number in ``decimalRange``, or 0.
  case number(Decimal)
  /// Any other, such as 1e200 or -0.
  case double(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([JSONValue])
  /// An object.
  case object([String: JSONValue])

  /// The sizes of numbers whose first 38 digits `Decimal` can hold.
  package static let decimalRange = 1e-89..<1e89

  /// A whole number.
  public static func integer(_ value: Int) -> JSONValue { .number(Decimal(value)) }

  /// The value as a whole number, or `nil` where it is none or does not fit.
  public var integer: Int? {
    guard case .number(let value) = self else { return nil }
    return Int(value.description)
  }

  /// The value as a text, or `nil` where it is none.
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
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
    } else if let double = try? value.decode(Double.self) {
      let isDecimal = Self.decimalRange.contains(double.magnitude) || double.isZero && double.sign == .plus
      self = isDecimal ? .number(try value.decode(Decimal.self)) : .double(double)
    } else if let truth = try? value.decode(Bool.self) {
      self = .bool(truth)
    } else if let fields = try? decoder.container(keyedBy: AnyKey.self) {
      var members: [String: JSONValue] = [:]
      for key in fields.allKeys { members[key.stringValue] = try fields.decode(JSONValue.self, forKey: key) }
      self = .object(members)
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
    case .number(let decimal): try value.encode(decimal)
    case .double(let double): try value.encode(double)
    case .string(let text): try value.encode(text)
    case .array(let elements): try value.encode(elements)
    case .object(let members):
      var fields = encoder.container(keyedBy: AnyKey.self)
      for (name, member) in members { try fields.encode(member, forKey: AnyKey(stringValue: name)) }
    }
  }
}
