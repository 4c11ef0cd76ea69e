import CSTCore

/// Why an endpoint cannot be used as it is set up. Nothing was sent.
public struct EndpointError: PlacedError, Hashable {
  /// The kind of failure.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure in a few words.
    public let description: String

    /// The base URL is not one that requests can be built from.
    public static let unusableURL = Reason(description: "unusable base URL")
    /// The environment holds no key under the name given.
    public static let missingKey = Reason(description: "missing key")
    /// The key holds characters that no key has.
    public static let unusableKey = Reason(description: "unusable key")
    /// The key would cross a network unencrypted.
    public static let unencryptedKey = Reason(description: "key without encryption")
  }

  /// The kind of failure.
  public var reason: Reason
  /// What was expected, what was found and what to do, without any secret.
  public var detail: String

  package init(_ reason: Reason, detail: String) {
    self.reason = reason
    self.detail = detail
  }

  /// Empty: every reason names the URL or the key.
  public var place: String { "" }
}
