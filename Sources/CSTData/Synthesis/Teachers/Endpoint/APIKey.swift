import Foundation

/// The secret that an endpoint knows a customer by.
///
/// A key comes from the environment and goes into one request header. It is not `Codable`, not `Hashable`, and whatever
/// prints, dumps or reflects it shows a placeholder.
///
/// ```swift
/// let key = try APIKey(environmentVariable: "TEACHER_KEY", in: ProcessInfo.processInfo.environment)
/// ```
public struct APIKey: Sendable {
  /// What stands in a text where the key stood.
  static let placeholder = "(key)"

  private let secret: String

  /// The key in an environment variable.
  /// - Throws: ``EndpointError`` naming the variable if it is not set, is empty, or holds anything but visible ASCII
  ///   characters: a space, a line break or a control character would end the header or begin another.
  public init(environmentVariable name: String, in environment: [String: String]) throws(EndpointError) {
    guard let value = environment[name], !value.isEmpty else {
      throw EndpointError(
        .missingKey, detail: "the environment variable \(name) is not set or empty; put the endpoint's key into it")
    }
    if let position = value.utf8.enumerated().first(where: { !(0x21...0x7E).contains($0.element) })?.offset {
      throw EndpointError(
        .unusableKey,
        detail: "the environment variable \(name) holds a space, a control character or a character outside ASCII at "
          + "byte \(position); a key is one word of visible ASCII characters")
    }
    secret = value
  }

  /// The value of the header that carries the key: the only way out of this type.
  var authorization: String { "Bearer \(secret)" }

  /// The text with a placeholder wherever the key stands in it, in whatever case.
  func hidden(in text: String) -> String {
    text.replacingOccurrences(of: secret, with: Self.placeholder, options: .caseInsensitive)
  }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// A placeholder.
  public var description: String { Self.placeholder }

  /// A placeholder.
  public var debugDescription: String { Self.placeholder }

  /// A mirror of nothing.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
