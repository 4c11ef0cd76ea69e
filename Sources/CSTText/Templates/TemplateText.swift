/// Text in a template's run: UTF-8 that knows for every byte whether the template or somebody else wrote it.
///
/// Everything a template does to text goes through this type, so that what a message says stays content however it is
/// cut, joined or rewritten. Offsets are in bytes and lie between characters (Unicode scalars, as in Python).
struct TemplateText: Sendable {
  /// Who wrote a byte.
  enum Origin: Sendable { case template, content }

  private(set) var bytes: [UInt8]
  /// Who wrote the first byte.
  private(set) var firstOrigin: Origin
  /// Where the origin changes, ascending, each inside the text.
  private(set) var cuts: [Int]
  /// Whether the text went through the filter `safe`: text joined to it is escaped for HTML.
  var isMarkup = false

  init() {
    bytes = []
    firstOrigin = .template
    cuts = []
  }

  init(_ text: String, _ origin: Origin) {
    bytes = Array(text.utf8)
    firstOrigin = origin
    cuts = []
  }

  init(bytes: some Sequence<UInt8>, _ origin: Origin) {
    self.bytes = Array(bytes)
    firstOrigin = origin
    cuts = []
  }

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }
  var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

  var string: String { String(decoding: bytes, as: UTF8.self) }

  private var lastOrigin: Origin { cuts.count.isMultiple(of: 2) ? firstOrigin : firstOrigin.other }

  /// Who wrote the byte at `offset`; the byte before it at the end.
  func origin(at offset: Int) -> Origin { cutCount(upTo: offset).isMultiple(of: 2) ? firstOrigin : firstOrigin.other }

  private func cutCount(upTo offset: Int) -> Int {
    var (low, high) = (0, cuts.count)
    while low < high {
      let middle = (low + high) / 2
      if cuts[middle] <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The runs of one origin, in order.
  var runs: [(range: Range<Int>, origin: Origin)] {
    guard !bytes.isEmpty else { return [] }
    var result: [(Range<Int>, Origin)] = []
    result.reserveCapacity(cuts.count + 1)
    var start = 0
    var origin = firstOrigin
    for cut in cuts {
      result.append((start..<cut, origin))
      start = cut
      origin = origin.other
    }
    result.append((start..<bytes.count, origin))
    return result
  }

  /// The text as pieces for the tokenizer: neighbours of one origin are one piece.
  var provenancedText: ProvenancedText {
    ProvenancedText(
      runs.map { range, origin in
        let text = String(decoding: bytes[range], as: UTF8.self)
        return origin == .template ? .template(text) : .content(text)
      })
  }

  mutating func append(_ other: TemplateText) {
    guard !other.bytes.isEmpty else { return }
    join(other.firstOrigin)
    if !other.cuts.isEmpty { cuts.append(contentsOf: other.cuts.lazy.map { [base = bytes.count] in $0 + base }) }
    bytes.append(contentsOf: other.bytes)
  }

  mutating func append(_ other: TemplateText, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    if other.cuts.isEmpty { append(bytes: other.bytes[range], other.firstOrigin) } else { append(other.slice(range)) }
  }

  mutating func append(bytes added: some Sequence<UInt8>, _ origin: Origin) {
    let before = bytes.count
    let cutCount = cuts.count
    let first = firstOrigin
    join(origin)
    bytes.append(contentsOf: added)
    if bytes.count == before {
      cuts.removeLast(cuts.count - cutCount)
      firstOrigin = first
    }
  }

  mutating func append(_ text: String, _ origin: Origin) { append(bytes: text.utf8, origin) }

  mutating func append(_ scalar: Unicode.Scalar, _ origin: Origin) { append(bytes: scalar.utf8, origin) }

  /// Prepares for text of `origin` at the end.
  private mutating func join(_ origin: Origin) {
    if bytes.isEmpty { firstOrigin = origin } else if lastOrigin != origin { cuts.append(bytes.count) }
  }

  /// A part of the text; it is still markup if the whole was.
  func slice(_ range: Range<Int>) -> TemplateText {
    var part = TemplateText(bytes: bytes[range], origin(at: range.lowerBound))
    part.isMarkup = isMarkup
    if !cuts.isEmpty {
      let inside =
        cutCount(upTo: range.lowerBound)..<max(cutCount(upTo: range.lowerBound), cutCount(upTo: range.upperBound - 1))
      part.cuts = cuts[inside].map { $0 - range.lowerBound }
    }
    return part
  }

  static func + (first: TemplateText, second: TemplateText) -> TemplateText {
    var sum = first
    sum.append(second)
    return sum
  }
}

extension TemplateText.Origin {
  var other: TemplateText.Origin { self == .template ? .content : .template }
}

/// Texts are equal when they say the same; origins are not compared.
extension TemplateText: Equatable {
  static func == (first: TemplateText, second: TemplateText) -> Bool { first.bytes == second.bytes }
  static func == (first: TemplateText, second: StaticString) -> Bool {
    first.bytes.count == second.utf8CodeUnitCount && second.withUTF8Buffer { $0.elementsEqual(first.bytes) }
  }
}

/// Code-point order, which for valid UTF-8 is the order of the bytes.
extension TemplateText: Comparable {
  static func < (first: TemplateText, second: TemplateText) -> Bool {
    first.bytes.lexicographicallyPrecedes(second.bytes)
  }
}
