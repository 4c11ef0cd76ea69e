import Foundation

/// Why a JSON text from outside cannot be decoded, as one line for a person that does not name the file.
package struct JSONProblem: Error, CustomStringConvertible {
  package enum Kind: Hashable {
    /// The byte at this offset does not belong to well-formed UTF-8.
    case invalidUTF8(offset: Int)
    /// The bracket at this offset is one too many inside each other.
    case tooDeep(offset: Int)
    /// The text is no JSON, or says something else than the type does.
    case malformed
  }

  package let kind: Kind
  package let description: String

  package var isTooDeep: Bool { if case .tooDeep = kind { true } else { false } }

  /// The problem as that of a file.
  package func error(in file: String, at place: FormatError.Place = .file, expected: String) -> FormatError {
    switch kind {
    case .tooDeep(let offset): JSONReader.tooDeep(file: file, offset: offset)
    default: FormatError(.badSyntax, file: file, at: place, expected: expected, found: description)
    }
  }
}

extension JSONDecoder {
  /// Decodes what nobody has vetted. Foundation's decoder recurses and accepts 512 levels, and a worker thread's stack can
  /// end before that.
  package func decodeChecked<Value: Decodable>(_ type: Value.Type = Value.self, from text: Data) throws -> Value {
    // A byte order mark says how a text is written and is none of it.
    let data = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text.dropFirst(3) : text
    if let position = data.firstInvalidUTF8 {
      let offset = position - data.startIndex
      throw JSONProblem(
        kind: .invalidUTF8(offset: offset),
        description: "byte \(offset), 0x\(String(data[position], radix: 16)), is not UTF-8 text")
    }
    var depth = 0
    let bracket = data.firstOutsideTexts { _, byte in
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      default: break
      }
      return depth > JSONReader.depthLimit
    }
    if let bracket {
      let offset = bracket - data.startIndex
      throw JSONProblem(
        kind: .tooDeep(offset: offset),
        description: "byte \(offset) opens more than \(JSONReader.depthLimit) levels of lists and objects")
    }
    do { return try decode(type, from: data) } catch let error as DecodingError {
      if case .dataCorrupted(let context) = error, context.codingPath.isEmpty {
        do { _ = try data.withUnsafeBytes { try JSONSyntaxError.value(of: $0) } } catch let error as JSONSyntaxError {
          throw JSONProblem(kind: .malformed, description: error.description)
        }
      }
      throw JSONProblem(kind: .malformed, description: error.fieldAndProblem)
    }
  }
}

extension Data {
  /// The position of the first byte of a JSON text that is in none of its strings and for which the condition holds.
  func firstOutsideTexts(where condition: (Index, UInt8) -> Bool) -> Index? {
    withUnsafeBytes { bytes in
      var inText = false
      var offset = 0
      while offset < bytes.count {
        let byte = bytes[offset]
        if byte == UInt8(ascii: "\"") {
          inText.toggle()
        } else if inText {
          // What a backslash escapes is skipped.
          if byte == UInt8(ascii: "\\") { offset += 1 }
        } else if condition(startIndex + offset, byte) {
          return startIndex + offset
        }
        offset += 1
      }
      return nil
    }
  }
}

extension DecodingError {
  /// The field and what is wrong with it, as one line for a person: `field "answers.cautious": Expected …`.
  package var fieldAndProblem: String {
    let field: String
    let problem: String
    switch self {
    case .keyNotFound(let key, let context):
      field = Self.path(context.codingPath + [key])
      problem = "missing"
    case .valueNotFound(_, let context), .typeMismatch(_, let context):
      field = Self.path(context.codingPath)
      problem = context.debugDescription
    case .dataCorrupted(let context):
      field = Self.path(context.codingPath)
      let cause = (context.underlyingError as NSError?)?.userInfo[NSDebugDescriptionErrorKey] as? String
      problem = cause.map { "not valid JSON: \($0)" } ?? context.debugDescription
    @unknown default:
      field = ""
      problem = String(describing: self)
    }
    return field.isEmpty ? problem : "field \"\(field)\": \(problem)"
  }

  /// `configurations[1].system` for the keys on the way to a value.
  private static func path(_ keys: [any CodingKey]) -> String {
    keys.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }
}

/// A key of any name, for objects whose keys are not known beforehand.
package struct AnyKey: CodingKey, Hashable {
  package let stringValue: String
  package var intValue: Int? { nil }
  package init(stringValue: String) { self.stringValue = stringValue }
  package init?(intValue: Int) { nil }
}
