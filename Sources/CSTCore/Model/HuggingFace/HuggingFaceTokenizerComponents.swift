/// The components of a `tokenizer.json` that do what GGUF's names stand for: what ``TokenizerComponents`` reads.
struct HuggingFaceTokenizerComponents {
  let isSentencePiece: Bool
  let normalizer: JSONValue
  let preTokenizer: JSONValue
  let decoder: JSONValue

  private static let mark = JSONValue.string("▁")

  init(_ definition: TokenizerDefinition) throws {
    isSentencePiece = definition.isSentencePiece
    guard isSentencePiece else {
      let rule = try PreTokenizer(named: definition.preTokenizer)
      guard let known = PreTokenizer.known.first(where: { $0.rule == rule }), definition.spacePrefix == .never else {
        throw ExportError(
          .tokenizer(
            "tokenizer.json cannot say what the pre-tokenizer \(TokenizerError.quote(definition.preTokenizer)) does; start "
              + "from a Hugging Face folder"))
      }
      normalizer = definition.normalization == .nfc ? ["type": "NFC"] : .null
      preTokenizer = Self.sequence(known.parts.map(Self.component), "pretokenizers")
      decoder = Self.byteLevel(usesExpression: true)
      return
    }
    let spaces = Self.replace(" ", by: Self.mark)
    switch definition.spacePrefix {
    case .never: normalizer = spaces
    case .everySegment:
      let prepend = ["type": "Prepend", "prepend": Self.mark] as JSONValue
      normalizer = Self.sequence([prepend, spaces], "normalizers")
    case .first, .always:
      throw ExportError(.tokenizer("a GGUF file cannot ask for a space at the start of a text only"))
    }
    preTokenizer = .null
    let strip = ["type": "Strip", "content": " ", "start": 1, "stop": 0] as JSONValue
    decoder = Self.sequence(
      [
        Self.replace(Self.mark, by: " "), ["type": "ByteFallback"],
        ["type": "Fuse"],
      ] + (definition.stripsLeadingSpace ? [strip] : []), "decoders")
  }

  /// A component by the spelling of ``PreTokenizer/Known``.
  private static func component(_ part: String) -> JSONValue {
    switch part {
    case "ByteLevel": return byteLevel(usesExpression: false)
    case "ByteLevel with regex": return byteLevel(usesExpression: true)
    case "Digits", "Digits one by one":
      return ["type": "Digits", "individual_digits": .bool(part != "Digits")]
    case "Punctuation": return ["type": "Punctuation", "behavior": "Contiguous"]
    default:
      return [
        "type": "Split", "pattern": ["Regex": .string(part)],
        "behavior": "Isolated", "invert": false,
      ]
    }
  }

  private static func byteLevel(usesExpression: Bool) -> JSONValue {
    [
      "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
      "use_regex": .bool(usesExpression),
    ]
  }

  private static func replace(_ pattern: JSONValue, by content: JSONValue) -> JSONValue {
    ["type": "Replace", "pattern": ["String": pattern], "content": content]
  }

  private static func sequence(_ parts: [JSONValue], _ member: String) -> JSONValue {
    parts.count == 1 ? parts[0] : ["type": "Sequence", member: .array(parts)]
  }
}
