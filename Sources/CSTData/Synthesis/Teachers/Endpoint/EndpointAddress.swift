import Foundation

/// A base URL that requests can be built from and that holds no secret.
struct EndpointAddress: Sendable {
  /// The base URL without a slash at its end.
  let text: String
  /// Where chat completions are asked for.
  let chatCompletions: URL
  private let scheme: String
  private let host: String

  /// - Throws: ``EndpointError`` that says which part is wrong and quotes none that may be secret.
  init(_ url: URL) throws(EndpointError) {
    func refusal(_ problem: String) -> EndpointError {
      EndpointError(.unusableURL, detail: "\(problem); a base URL looks like https://example.org/v1")
    }
    guard let parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else {
      throw refusal("it cannot be taken apart")
    }
    scheme = parts.scheme?.lowercased() ?? ""
    guard scheme == "http" || scheme == "https" else {
      throw refusal("expected the scheme http or https, found \(scheme.isEmpty ? "none" : scheme)")
    }
    guard parts.user == nil, parts.password == nil else {
      throw refusal("it holds a user name or a password, which would show in records; give the key by the environment")
    }
    guard parts.query == nil else { throw refusal("it holds a query (after ?), to which no path can be added") }
    guard parts.fragment == nil else { throw refusal("it holds a fragment (after #)") }
    guard let host = parts.host, !host.isEmpty else { throw refusal("it names no host") }
    self.host = host.lowercased()
    var text = url.absoluteString
    while text.hasSuffix("/") { text.removeLast() }
    guard let chatCompletions = URL(string: text + "/chat/completions") else { throw refusal("no path can be added") }
    self.text = text
    self.chatCompletions = chatCompletions
  }

  /// - Parameter environment: Where the system finds out about proxies. Within TLS, a proxy sees no key.
  func requireSecrecy(environment: [String: String]) throws(EndpointError) {
    guard scheme == "http" else { return }
    guard isLoopback else {
      throw EndpointError(
        .unencryptedKey,
        detail: "\(text) is plain http to another machine, so anyone on the way could read the key; use https, or give "
          + "no key")
    }
    guard let proxy = ["http_proxy", "all_proxy", "ALL_PROXY"].first(where: { environment[$0]?.isEmpty == false })
    else { return }
    let exceptions = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
      .split { $0 == "," || $0.isWhitespace }.map { $0.lowercased() }
    let name = host.trimmingCharacters(in: ["[", "]"])
    guard exceptions.contains(name) || exceptions == ["*"] else {
      throw EndpointError(
        .unencryptedKey,
        detail: "\(text) is plain http, and the environment variable \(proxy) names a proxy, which would read the key; "
          + "add \(name) to no_proxy, or give no key")
    }
  }

  /// Whether the host is this machine by its very address: a name could be resolved to any machine.
  private var isLoopback: Bool {
    if ["localhost", "::1", "[::1]"].contains(host) { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers[0] == "127"
      && numbers.allSatisfy { $0.utf8.allSatisfy { $0 <= UInt8(ascii: "9") } && UInt8($0) != nil }
  }
}
