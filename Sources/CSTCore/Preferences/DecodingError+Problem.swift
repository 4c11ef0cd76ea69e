import Foundation

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

extension Decoder {
  /// Refuses an object with a key that its type does not know, because a misspelt option must not be lost.
  ///
  /// - Throws: `DecodingError.dataCorrupted` naming the key and the known ones.
  package func refuseUnknownKeys<Key: CodingKey & CaseIterable>(known: Key.Type, in what: String) throws {
    let names = known.allCases.map(\.stringValue)
    let fields = try container(keyedBy: AnyKey.self)
    let unknown = fields.allKeys.map(\.stringValue).filter { !names.contains($0) }.min()
    guard let unknown else { return }
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: codingPath + [AnyKey(stringValue: unknown)],
        debugDescription: "\(what) has no such key; the known ones are \(PreferenceError.list(names))"
      )
    )
  }
}
