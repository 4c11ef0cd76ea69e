/// Which modules of a model get low-rank factors, as PEFT's `target_modules`, `exclude_modules`, `layers_to_transform` and
/// `layers_pattern` say it.
public struct TargetModules: Sendable, Hashable {
  /// Some modules by their names.
  @nonexhaustive
  public enum Names: Sendable, Hashable {
    /// Whole paths, `model.layers.0.self_attn.q_proj`, or what paths end in: `q_proj`, `self_attn.q_proj`.
    case list([String])
    /// A regular expression that a whole path matches.
    case pattern(String)
    /// Every matrix of the layers, PEFT's `all-linear`.
    case allLinear
  }

  /// The modules that get factors.
  public var included: Names
  /// Those of them that do not.
  public var excluded: Names?
  /// The layers, from 0, that modules named by the end of their path are in; all where `nil`.
  public var layers: [Int]?
  /// What a layer's number stands behind, `layers`; the first number of the path counts where this is empty.
  public var layersPattern: [String]

  /// Modules by their names, in some layers or all.
  public init(_ included: Names, excluding excluded: Names? = nil, layers: [Int]? = nil, layersPattern: [String] = []) {
    self.included = included
    self.excluded = excluded
    self.layers = layers
    self.layersPattern = layersPattern
  }

  /// Modules beside the layers' matrices that PEFT would adapt where they are named.
  private static let others = ["lm_head", "model.embed_tokens"]

  /// Looks whether the names are those of modules that factors can be for.
  /// - Parameter paths: Of every matrix of the model's layers.
  func check(_ paths: [String]) throws(LoRAConfigurationError) {
    let known = Set((paths + Self.others).flatMap(Self.endings(of:)))
    if case .list(let names) = included, let unknown = names.first(where: { !known.contains($0) }) {
      let ends = Set(paths.compactMap { $0.split(separator: ".").last.map(String.init) }).sorted()
      throw LoRAConfigurationError("target_modules", "some of \(ends.joined(separator: ", "))", unknown)
    }
    if included == .allLinear { return }
    let selection = try ModuleSelection(self)
    if let other = Self.others.first(where: selection.contains) {
      throw LoRAConfigurationError("target_modules", "matrices of layers only", other)
    }
  }

  /// A path and all that begins behind one of its dots.
  fileprivate static func endings(of path: String) -> [String] {
    [path] + path.indices.filter { path[$0] == "." }.map { String(path[path.index(after: $0)...]) }
  }
}

/// ``TargetModules`` made ready for many questions.
struct ModuleSelection {
  private enum Part {
    case names(Set<String>)
    case expression(ModuleExpression)
    case all

    init(_ names: TargetModules.Names, _ key: String) throws(LoRAConfigurationError) {
      switch names {
      case .list(let names): self = .names(Set(names))
      case .pattern(let pattern): self = .expression(try ModuleExpression(whole: pattern, key))
      case .allLinear: self = .all
      }
    }

    func contains(_ path: String) -> Bool {
      switch self {
      case .names(let names): TargetModules.endings(of: path).contains(where: names.contains)
      case .expression(let expression): expression.matches(path)
      case .all: true
      }
    }
  }

  private let included: Part
  private let excluded: Part?
  private let layers: Set<Int>?
  private let layersPatterns: [ModuleExpression]

  init(_ modules: TargetModules) throws(LoRAConfigurationError) {
    included = try Part(modules.included, "target_modules")
    excluded = if let excluded = modules.excluded { try Part(excluded, "exclude_modules") } else { nil }
    layers = modules.layers.map { Set($0) }
    var patterns: [ModuleExpression] = []
    for pattern in modules.layersPattern { patterns.append(try ModuleExpression(whole: pattern, "layers_pattern")) }
    layersPatterns = patterns
  }

  func contains(_ path: String) -> Bool {
    guard !(excluded?.contains(path) ?? false), included.contains(path) else { return false }
    guard let layers, case .names(let names) = included, !names.contains(path) else { return true }
    return number(in: path).map(layers.contains) ?? false
  }

  /// The number of a path's layer: the first part that is a number and has two parts before it, or stands behind one of
  /// the patterns.
  private func number(in path: String) -> Int? {
    let parts = path.split(separator: ".").map(String.init)
    for pattern in layersPatterns.isEmpty ? [nil] : layersPatterns.map(Optional.some) {
      for index in parts.indices.dropFirst(pattern == nil ? 2 : 1) {
        guard let number = Int(parts[index]), index + 1 < parts.count else { continue }
        guard let pattern else { return number }
        // The pattern may reach over dots.
        let before = parts[..<index].joined(separator: ".")
        if TargetModules.endings(of: before).contains(where: pattern.matches) { return number }
      }
    }
    return nil
  }
}

/// A regular expression over paths of modules, as PEFT hands it to Python.
struct ModuleExpression {
  private enum Kind {
    /// No character but dots means anything else than itself.
    case literal([UInt8])
    case expression(Regex<AnyRegexOutput>)
  }

  private let kind: Kind
  private let isSuffix: Bool

  /// An expression that a whole path matches. `key` is what PEFT calls it.
  init(whole pattern: String, _ key: String) throws(LoRAConfigurationError) {
    try self.init(pattern, isSuffix: false, key)
  }

  /// An expression that the end of a path, from its beginning or from a dot, matches: `(.*\.)?(pattern)$`.
  init(ending pattern: String, _ key: String) throws(LoRAConfigurationError) {
    try self.init(pattern, isSuffix: true, key)
  }

  private init(_ pattern: String, isSuffix: Bool, _ key: String) throws(LoRAConfigurationError) {
    self.isSuffix = isSuffix
    let isLiteral = pattern.utf8.allSatisfy { byte in
      switch UInt8(ascii: " ") < byte ? Character(UnicodeScalar(byte)) : " " {
      case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
      default: false
      }
    }
    if isLiteral {
      kind = .literal(Array(pattern.utf8))
    } else {
      do { kind = .expression(try Regex(isSuffix ? #"(.*\.)?("# + pattern + ")" : pattern)) } catch {
        throw LoRAConfigurationError(key, "a regular expression", pattern)
      }
    }
  }

  func matches(_ path: String) -> Bool {
    switch kind {
    case .expression(let expression): return (try? expression.wholeMatch(in: path)) != nil
    case .literal(let pattern):
      let bytes = Array(path.utf8)
      let start = bytes.count - pattern.count
      guard start == 0 || isSuffix && start > 0 && bytes[start - 1] == UInt8(ascii: ".") else { return false }
      return zip(bytes[start...], pattern).allSatisfy { $0 == $1 || $1 == UInt8(ascii: ".") }
    }
  }
}

/// What is wrong with a configuration for a model.
package struct LoRAConfigurationError: Error, Hashable {
  /// The field, as PEFT calls it.
  package let key: String
  package let expected: String
  package let found: String

  init(_ key: String, _ expected: String, _ found: String) {
    (self.key, self.expected, self.found) = (key, expected, found)
  }
}
