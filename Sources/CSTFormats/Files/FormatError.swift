import Foundation

/// Why a file could not be read or written: what is wrong, in which file, where in it, and what to do.
///
/// ``description`` is one line, safe to show: names taken from the file are escaped and shortened.
///
///     model.gguf: tensor 'output.weight': unsupported type: expected one of F32, F16, Q4_1; found IQ2_XXS
///
/// Switch over ``reason``; it is a struct with static members, so a new reason breaks nobody.
public struct FormatError: PlacedError, Hashable {
  /// The kind of failure.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// The words used in the message.
    public let description: String

    private init(_ description: String) { self.description = description }

    /// The file ends before the data it announces.
    public static let truncated = Reason("truncated")
    /// The file does not begin as this format does.
    public static let badMagic = Reason("not this kind of file")
    /// A version of the format that is not supported.
    public static let unsupportedVersion = Reason("unsupported version")
    /// Data of a type that is not supported.
    public static let unsupportedType = Reason("unsupported type")
    /// A value of another type than the reader asked for.
    public static let wrongType = Reason("wrong type")
    /// A value outside what the format allows.
    public static let badValue = Reason("bad value")
    /// Text that does not follow the grammar, or is not UTF-8.
    public static let badSyntax = Reason("malformed text")
    /// A name used twice.
    public static let duplicate = Reason("duplicate")
    /// Something required is not there.
    public static let missing = Reason("missing")
    /// Byte ranges that overlap, leave holes, or do not fit what they hold.
    public static let badLayout = Reason("inconsistent layout")
    /// A size computed from the file does not fit an `Int`.
    public static let overflow = Reason("size overflow")
    /// A limit that protects the reader is exceeded.
    public static let limit = Reason("limit exceeded")
    /// The file could not be opened or read.
    public static let unreadable = Reason("cannot be read")
    /// The file could not be written.
    public static let unwritable = Reason("cannot be written")
  }

  /// Where in the file.
  @nonexhaustive
  public enum Place: Sendable, Hashable, CustomStringConvertible {
    /// The file as a whole.
    case file
    /// An offset in bytes from the file's start.
    case byte(Int)
    /// A line, counted from 1.
    case line(Int)
    /// A metadata key or JSON path.
    case key(String)
    /// A tensor, by name.
    case tensor(String)

    /// As messages say it; empty for the file as a whole.
    public var description: String {
      switch self {
      case .file: ""
      case .byte(let offset): "byte \(offset)"
      case .line(let number): "line \(number)"
      case .key(let key): "key '\(FormatError.printable(key))'"
      case .tensor(let name): "tensor '\(FormatError.printable(name))'"
      }
    }
  }

  /// The kind of failure.
  public let reason: Reason
  /// The path of the file, or what stands for one ("memory").
  public let file: String
  /// Where in the file.
  public let place: Place
  /// What the reader needed, or empty.
  public let expected: String
  /// What it met instead, or empty.
  public let found: String
  /// What to do about it, or empty.
  public let advice: String

  package init(
    _ reason: Reason, file: String, at place: Place = .file, expected: String = "", found: String = "",
    advice: String = ""
  ) {
    self.reason = reason
    self.file = file
    self.place = place
    self.expected = expected
    self.found = found
    self.advice = advice
  }
}

extension FormatError {
  /// What was expected, what was found and what to do, as far as there is something to say.
  public var detail: String {
    [("expected ", expected), ("found ", found), ("", advice)].filter { !$0.1.isEmpty }
      .map { $0.0 + Self.printable($0.1, limit: 300) }.joined(separator: "; ")
  }

  /// One line: file, place, reason and detail.
  public var description: String {
    [Self.printable(file, limit: 1_000), "\(place)", "\(reason)", detail].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  /// `text` with control characters escaped, cut after `limit` scalars: names come from files nobody has vetted.
  package static func printable(_ text: String, limit: Int = 80) -> String {
    var result = String.UnicodeScalarView()
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == limit {
        result.append("…")
        break
      }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

/// Why a file could not be read, in words for people: Foundation's own messages name error domains for most causes.
package enum UnreadableFile {
  /// What is wrong with `file` and what to do.
  /// - Parameter error: What reading it threw; used where the cause is none of the usual ones.
  package static func problem(of file: URL, _ error: any Error) -> String {
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) {
      return "no such file; check the path"
    }
    if isFolder.boolValue { return "this is a folder; name a file in it" }
    if !FileManager.default.isReadableFile(atPath: file.path) { return "no permission; check the file's permissions" }
    return error.localizedDescription
  }
}
