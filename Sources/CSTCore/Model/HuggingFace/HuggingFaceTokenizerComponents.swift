/// The components of a `tokenizer.json` that do what GGUF's names stand for: what ``TokenizerComponents`` reads.
struct HuggingFaceTokenizerComponents {
  let isSentencePiece: Bool
  let normalizer: OrderedJSON
  let preTokenizer: OrderedJSON
  let decoder: OrderedJSON

  private static let mark = OrderedJSON.string("▁")

  /// - Throws: ``ExportError`` for a rule that components cannot say, ``TokenizerError`` for one that is not known.
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
      normalizer = definition.normalization == .nfc ? .object([("type", .string("NFC"))]) : .null
      preTokenizer = Self.sequence(known.parts.map(Self.component), "pretokenizers")
      decoder = Self.byteLevel(usesExpression: true)
      return
    }
    let spaces = Self.replace(.string(" "), by: Self.mark)
    switch definition.spacePrefix {
    case .never: normalizer = spaces
    case .everySegment:
      let prepend = OrderedJSON.object([("type", .string("Prepend")), ("prepend", Self.mark)])
      normalizer = Self.sequence([prepend, spaces], "normalizers")
    case .first, .always:
      throw ExportError(.tokenizer("a GGUF file cannot ask for a space at the start of a text only"))
    }
    preTokenizer = .null
    let strip = OrderedJSON.object([
      ("type", .string("Strip")), ("content", .string(" ")), ("start", .integer(1)), ("stop", .integer(0)),
    ])
    decoder = Self.sequence(
      [
        Self.replace(Self.mark, by: .string(" ")), .object([("type", .string("ByteFallback"))]),
        .object([("type", .string("Fuse"))]),
      ] + (definition.stripsLeadingSpace ? [strip] : []), "decoders")
  }

  /// A component by the spelling of ``PreTokenizer/Known``.
  private static func component(_ part: String) -> OrderedJSON {
    switch part {
    case "ByteLevel": return byteLevel(usesExpression: false)
    case "ByteLevel with regex": return byteLevel(usesExpression: true)
    case "Digits", "Digits one by one":
      return .object([("type", .string("Digits")), ("individual_digits", .bool(part != "Digits"))])
    case "Punctuation": return .object([("type", .string("Punctuation")), ("behavior", .string("Contiguous"))])
    default:
      return .object([
        ("type", .string("Split")), ("pattern", .object([("Regex", .string(part))])),
        ("behavior", .string("Isolated")), ("invert", .bool(false)),
      ])
    }
  }

  private static func byteLevel(usesExpression: Bool) -> OrderedJSON {
    .object([
      ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)), ("trim_offsets", .bool(true)),
      ("use_regex", .bool(usesExpression)),
    ])
  }

  private static func replace(_ pattern: OrderedJSON, by content: OrderedJSON) -> OrderedJSON {
    .object([("type", .string("Replace")), ("pattern", .object([("String", pattern)])), ("content", content)])
  }

  private static func sequence(_ parts: [OrderedJSON], _ member: String) -> OrderedJSON {
    parts.count == 1 ? parts[0] : .object([("type", .string("Sequence")), (member, .array(parts))])
  }
}
