import CSTData
import Foundation
import Testing

@Suite struct APIKeyTests {
  private func dumped(_ value: some Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text
  }

  @Test func neverShowsItself() throws {
    let canary = "sk-canary-5f0e1d"
    let key = try APIKey(environmentVariable: "K", in: ["K": canary])
    struct Holder { let key: APIKey, keys: [APIKey] }
    let holder = Holder(key: key, keys: [key])
    for text in [
      "\(key)", String(reflecting: key), dumped(key), "\(holder)", String(reflecting: holder), dumped(holder),
      "\(Optional(key) as Any)", dumped(Optional(key)), String(reflecting: Mirror(reflecting: key)),
      "\(Mirror(reflecting: key).children.map { $0.value })",
    ] {
      #expect(!text.contains("canary"), "\(text)")
    }
    #expect(!(key is any Encodable))
  }

  @Test(arguments: [
    ("a b", "byte 1"), ("a\n", "byte 1"), ("\tkey", "byte 0"), ("key\r\nX-Other: 1", "byte 3"), ("k\u{0}", "byte 1"),
    ("k\u{7F}", "byte 1"), ("ké", "byte 1"),
  ])
  func refusesWhatNoHeaderCarries(value: String, place: String) {
    let error = #expect(throws: EndpointError.self) {
      try APIKey(environmentVariable: "TEACHER_KEY", in: ["TEACHER_KEY": value])
    }
    #expect(error?.reason == .unusableKey)
    #expect(error?.detail.contains("TEACHER_KEY") == true && error?.detail.contains(place) == true)
    #expect(error?.description.contains(value) == false)
  }

  @Test(arguments: [[:], ["K": ""], ["OTHER": "x"]])
  func namesTheVariableThatIsMissing(environment: [String: String]) {
    let error = #expect(throws: EndpointError.self) { try APIKey(environmentVariable: "K", in: environment) }
    #expect(error?.reason == .missingKey)
    #expect(error?.detail.contains("variable K ") == true)
  }

  @Test(arguments: [
    ("https://example.org/v1", true), ("http://localhost:1/v1", true), ("http://LOCALHOST/v1", true),
    ("http://127.0.0.1:8080/v1", true), ("http://127.200.0.9", true), ("http://[::1]:8080/v1", true),
    ("http://example.org/v1", false), ("http://127.0.0.1.example.org", false), ("http://127.example.org/", false),
    ("http://10.0.0.1/v1", false), ("http://localhost.example.org", false), ("http://127.0.0.256", false),
    ("http://127.0.0", false), ("http://0.0.0.0/", false), ("http://[::2]/", false),
  ])
  func crossesNoNetworkUnencrypted(url: String, isAllowed: Bool) throws {
    let key = try APIKey(environmentVariable: "K", in: ["K": "sk-canary"])
    let base = try #require(URL(string: url))
    let outcome = Result { try HTTPTeacher(baseURL: base, model: "m", key: key, environment: [:]) }
    switch outcome {
    case .success: #expect(isAllowed)
    case .failure(let error):
      #expect(!isAllowed && (error as? EndpointError)?.reason == .unencryptedKey, "\(error)")
      #expect(!"\(error)".contains("canary"))
    }
    #expect(throws: Never.self) { try HTTPTeacher(baseURL: base, model: "m", key: nil) }
  }

  /// The system sends plain http through the environment's proxy, also to this machine.
  @Test(arguments: [
    (["http_proxy": "http://proxy.example.org:3128"], false), (["all_proxy": "proxy"], false),
    (["ALL_PROXY": "proxy"], false), (["http_proxy": "proxy", "no_proxy": "localhost,127.0.0.1"], true),
    (["http_proxy": "proxy", "NO_PROXY": "example.org, 127.0.0.1"], true),
    (["http_proxy": "proxy", "no_proxy": "localhost"], false), (["http_proxy": "proxy", "no_proxy": "*"], true),
    (["http_proxy": ""], true), (["https_proxy": "proxy"], true), ([:], true),
  ])
  func staysAwayFromAProxyThatWouldReadIt(environment: [String: String], isAllowed: Bool) throws {
    let key = try APIKey(environmentVariable: "K", in: ["K": "sk-canary"])
    func teacher(_ url: String, _ key: APIKey?) throws -> HTTPTeacher {
      try HTTPTeacher(baseURL: #require(URL(string: url)), model: "m", key: key, environment: environment)
    }
    let outcome = Result { try teacher("http://127.0.0.1:8080/v1", key) }
    switch outcome {
    case .success: #expect(isAllowed)
    case .failure(let error): #expect(!isAllowed && "\(error)".contains("no_proxy"), "\(error)")
    }
    #expect(throws: Never.self) { try teacher("http://127.0.0.1:8080/v1", nil) }
    #expect(throws: Never.self) { try teacher("https://example.org/v1", key) }
  }

  @Test(arguments: [
    ("ftp://example.org", "found ftp"), ("example.org/v1", "found none"), ("file:///v1", "found file"),
    ("https://", "host"), ("https:///v1", "host"), ("https://me:hush@example.org/v1", "user name"),
    ("https://hush@example.org/v1", "user name"), ("https://example.org/v1?key=hush", "query"),
    ("https://example.org/v1#hush", "fragment"), ("https://example.org/v1?", "query"),
  ])
  func refusesAnUnusableBaseURL(url: String, part: String) throws {
    let base = try #require(URL(string: url))
    let error = #expect(throws: EndpointError.self) { try HTTPTeacher(baseURL: base, model: "m", key: nil) }
    #expect(error?.reason == .unusableURL)
    #expect(error?.detail.contains(part) == true, "\(String(describing: error))")
    #expect(error?.detail.contains("hush") == false)
  }

  @Test func identityIsTheSameWithAndWithoutASlash() throws {
    for url in ["https://example.org/v1", "https://example.org/v1/", "https://example.org/v1//"] {
      let teacher = try HTTPTeacher(baseURL: #require(URL(string: url)), model: "small", key: nil)
      #expect(teacher.identity == "openai:https://example.org/v1#small")
    }
  }
}
