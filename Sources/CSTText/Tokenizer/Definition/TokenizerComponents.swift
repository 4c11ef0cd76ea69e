/// What the normaliser, the pre-tokenizer and the decoder of a `tokenizer.json` say together.
///
/// Each combination that is implemented is recognised as a whole; every other one is refused with its text.
struct TokenizerComponents {
  private(set) var isSentencePiece = false
  /// GGUF's name for the way of splitting.
  private(set) var preTokenizer = "default"
  private(set) var spacePrefix = TokenizerDefinition.SpacePrefix.never
  private(set) var stripsLeadingSpace = false
  private(set) var normalization = TokenizerDefinition.Normalization.none

  private static let space: JSONValue = .string("▁")

  init(_ file: TokenizerFile) throws {
    let byteLevel = JSONValue.object(["type": .string("ByteLevel")])
    isSentencePiece = Self.parts(file.decoder, "decoders").first?["type"] != byteLevel["type"]
    var replacesSpaces = false
    for part in Self.parts(file.normalizer, "normalizers") {
      switch part["type"]?.string {
      case "NFC": normalization = .nfc
      case "Prepend" where isSentencePiece && part["prepend"] == Self.space: spacePrefix = .everySegment
      case "Replace"
      where isSentencePiece && part["content"] == Self.space && part["pattern"] == .object(["String": .string(" ")]):
        replacesSpaces = true
      default:
        throw file.refusal("normalizer", "NFC, or for SentencePiece models Prepend and Replace of spaces", "\(part)")
      }
    }
    let parts = Self.parts(file.preTokenizer, "pretokenizers")
    if isSentencePiece {
      if let metaspace = parts.first {
        guard parts.count == 1, !replacesSpaces, spacePrefix == .never else {
          throw file.refusal(
            "pre_tokenizer", "either Metaspace or a normaliser that replaces spaces", "\(file.preTokenizer)")
        }
        try readMetaspace(metaspace, file)
      } else if !replacesSpaces {
        throw file.refusal("pre_tokenizer", "ByteLevel, Metaspace, or a normaliser that replaces spaces", "null")
      }
      guard normalization == .none else {
        throw file.refusal("normalizer", "no Unicode normalisation in a SentencePiece model", "\(file.normalizer)")
      }
    } else {
      try readByteLevel(parts, file)
    }
    try readDecoder(file)
  }

  /// The parts of a sequence of components, or the one component.
  private static func parts(_ value: JSONValue, _ member: String) -> [JSONValue] {
    if value == .null { return [] }
    guard value["type"]?.string == "Sequence", let parts = value[member]?.array else { return [value] }
    return parts
  }

  private mutating func readMetaspace(_ part: JSONValue, _ file: TokenizerFile) throws {
    guard part["type"]?.string == "Metaspace", part["replacement"] == Self.space else {
      throw file.refusal("pre_tokenizer", "Metaspace with ▁", "\(part)")
    }
    guard part["split"]?.bool == false else {
      throw file.refusal("pre_tokenizer", "Metaspace with \"split\": false", "\(part)")
    }
    switch part["prepend_scheme"]?.string {
    case "first": spacePrefix = .first
    case "always": spacePrefix = .always
    case "never": spacePrefix = .never
    case nil: spacePrefix = part["add_prefix_space"]?.bool ?? true ? .always : .never
    default: throw file.refusal("pre_tokenizer", "a prepend_scheme of first, always or never", "\(part)")
    }
  }

  private mutating func readByteLevel(_ parts: [JSONValue], _ file: TokenizerFile) throws {
    let rule = PreTokenizer.known.first { $0.parts == parts.map(Self.canonical) }?.rule
    guard let rule else {
      let unknown = parts.first { part in !PreTokenizer.known.contains { $0.parts.contains(Self.canonical(part)) } }
      throw file.refusal(
        "pre_tokenizer", "one of the sequences implemented for byte-level BPE", "\(unknown ?? file.preTokenizer)",
        advice: "another rule would give the model wrong ids")
    }
    preTokenizer = rule.rawValue
    guard let first = parts.first(where: { $0["add_prefix_space"]?.bool == true }) else { return }
    guard first == parts.first, parts.count == 1 else {
      throw file.refusal("pre_tokenizer", "add_prefix_space in a lone ByteLevel only", "\(file.preTokenizer)")
    }
    spacePrefix = .always
  }

  /// One spelling for components that do the same.
  private static func canonical(_ part: JSONValue) -> String {
    switch part["type"]?.string {
    case "ByteLevel": return part["use_regex"]?.bool ?? true ? "ByteLevel with regex" : "ByteLevel"
    case "Digits": return part["individual_digits"]?.bool ?? false ? "Digits one by one" : "Digits"
    case "Punctuation" where part["behavior"]?.string == "Contiguous": return "Punctuation"
    case "Split":
      guard let regex = part["pattern"]?["Regex"]?.string else { return part.description }
      switch (part["behavior"]?.string, part["invert"]?.bool ?? false) {
      case ("Isolated", false): return regex
      // Keeping the matches alone is the same for expressions that match all text.
      case ("Removed", true) where PreTokenizer.coveringRegexes.contains(regex): return regex
      default: return part.description
      }
    default: return part.description
    }
  }

  /// The decoders that undo what is implemented.
  private mutating func readDecoder(_ file: TokenizerFile) throws {
    let parts = Self.parts(file.decoder, "decoders")
    guard isSentencePiece else {
      guard parts.count == 1 else { throw file.refusal("decoder", "ByteLevel alone", "\(file.decoder)") }
      return
    }
    let kinds = parts.map { $0["type"]?.string ?? "" }
    let replace = JSONValue.object([
      "type": .string("Replace"), "pattern": .object(["String": Self.space]), "content": .string(" "),
    ])
    let strip = JSONValue.object(["type": .string("Strip"), "content": .string(" "), "start": 1, "stop": 0])
    guard kinds.starts(with: ["Replace", "ByteFallback", "Fuse"]), parts[0] == replace,
      parts.count == 3 || parts.count == 4 && parts[3] == strip
    else {
      throw file.refusal(
        "decoder", "ByteLevel, or Replace, ByteFallback, Fuse and perhaps Strip of one space", "\(file.decoder)")
    }
    stripsLeadingSpace = parts.count == 4
  }
}
