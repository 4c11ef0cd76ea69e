import CSTCore
import Foundation

/// What a file is whose first row is no JSON by itself: how rows can be made of it.
enum RowShape {
  /// The way out; `nil` where the file looks like rows.
  static func advice(on data: Data) -> String? {
    data.withUnsafeBytes { bytes in
      let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      guard let first = bytes[start...].first(where: { !isSpace($0) }) else { return nil }
      if first != UInt8(ascii: "{") { return text(String(decoding: bytes.prefix(400), as: UTF8.self)) }
      let endings = bytes.prefix(1 << 20)
      if endings.contains(0x0D), !endings.contains(0x0A) {
        return "the lines end in CR alone, as on old Macs: tr '\\r' '\\n' < FILE > OTHER"
      }
      var reader = JSONReader(bytes, file: "")
      guard let value = try? reader.value(), let members = value.object else { return nil }
      let rest = bytes[reader.offset...].first { !isSpace($0) }
      // Rows of one line have nothing to do with the file's shape.
      guard bytes[..<reader.offset].dropFirst(start).drop(while: isSpace).contains(0x0A) else { return nil }
      switch rest {
      case nil: return whole(members)
      case UInt8(ascii: ","): return "the rows are a list without its brackets: put [ and ] around them"
      default: return severalLines
      }
    }
  }

  private static let severalLines =
    "this is JSON over several lines, and a row stands on one line: jq -c . FILE > rows.jsonl"

  /// A file that is one object.
  private static func whole(_ members: JSONMembers) -> String {
    if let list = members.first(where: { $0.value.array?.first?.object != nil }), members["prompt"] == nil {
      return "the rows are a list under the key \"\(list.key.excerpt(24))\": "
        + "jq -c '.\(list.key.excerpt(24))[]' FILE > rows.jsonl"
    }
    let isByColumn =
      members.count > 1 && members.allSatisfy { ($0.value.array?.count ?? $0.value.object?.count ?? 0) > 0 }
    if isByColumn, members["chosen"]?.array?.first?.object == nil {
      return "the file is written by columns, not by rows: in Python, to_json(orient=\"records\", lines=True)"
    }
    return severalLines
  }

  /// A file that begins with something else than an object or a list.
  private static func text(_ start: String) -> String? {
    let line = start.split(whereSeparator: \.isNewline).first ?? ""
    let lower = line.lowercased()
    for (separator, name) in [(",", "commas"), ("\t", "tabs"), (";", "semicolons")]
    where line.contains(separator) && ["prompt", "chosen", "question", "instruction"].contains(where: lower.contains) {
      return "this is a table with \(name) between its cells: name the file .\(separator == "\t" ? "tsv" : "csv")"
    }
    if lower.hasPrefix("<") { return "this is HTML or XML, not rows" }
    if lower.hasPrefix("---") || lower.hasPrefix("- ") { return "this is YAML: write it as JSONL" }
    return nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}
