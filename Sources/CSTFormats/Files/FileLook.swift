import Foundation

/// What a file is that was taken for another, by its first bytes, and the way out: for messages.
package struct FileLook: Sendable, Hashable {
  /// What it is: `a Parquet file`.
  package let name: String
  /// What to do about it.
  package let advice: String

  /// How many bytes are looked at.
  package static let length = 64

  /// What a file begins like; `nil` where that is nothing known.
  package init?(_ start: some Sequence<UInt8>) {
    let start = Array(start.prefix(Self.length))
    guard let known = Self.known.first(where: { start.starts(with: $0.mark) }) else {
      guard String(decoding: start, as: UTF8.self).lowercased().hasPrefix("<!doctype html") else { return nil }
      self = Self.page
      return
    }
    self = known.look
  }

  private init(_ name: String, _ advice: String) { (self.name, self.advice) = (name, advice) }

  /// A Git LFS pointer: three lines that stand for a file.
  package static let pointer = FileLook(
    "a Git LFS pointer, three lines that stand for the file",
    "fetch the file itself with 'git lfs pull' in its repository, or download it again")
  package static let gzip = FileLook("a gzip file", "unpack it with gunzip")
  package static let utf16 = FileLook("UTF-16 text", "write it as UTF-8: iconv -f UTF-16 -t UTF-8 FILE > OTHER")
  private static let page = FileLook(
    "a web page", "what was downloaded is a page about the file: download the raw file itself")
  private static let arrow = FileLook(
    "an Arrow file", "write it as JSONL, in Python: datasets.Dataset.from_file(FILE).to_json(OTHER)")
  private static let pickle = FileLook("a Python pickle", "it could run code and is never opened: write it as JSON")

  private static let known: [(mark: [UInt8], look: FileLook)] = [
    (Array("version https://git-lfs.github.com/spec/".utf8), pointer),
    ([0x1F, 0x8B], gzip),
    (
      Array("PAR1".utf8),
      FileLook("a Parquet file", "write it as JSONL, in Python: datasets.Dataset.from_parquet(FILE).to_json(OTHER)")
    ),
    (Array("ARROW1".utf8), arrow), ([0xFF, 0xFF, 0xFF, 0xFF], arrow),
    ([0x28, 0xB5, 0x2F, 0xFD], FileLook("a Zstandard file", "unpack it with unzstd")),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], FileLook("an xz file", "unpack it with unxz")),
    (Array("BZh".utf8), FileLook("a bzip2 file", "unpack it with bunzip2")),
    (
      [0x50, 0x4B, 3, 4],
      FileLook("a zip archive, as spreadsheets and PyTorch's weights are", "unpack or export what is in it")
    ),
    ([0xFF, 0xFE], utf16), ([0xFE, 0xFF], utf16),
    (Array("<html".utf8), page),
    (Array("GGUF".utf8), FileLook("a GGUF model", "name a file of the other kind here")),
    (Array("SQLite format 3".utf8), FileLook("an SQLite database", "export its table as JSONL or CSV")),
    (Array("%PDF".utf8), FileLook("a PDF document", "name a file of text")),
    (Array("\u{89}HDF".unicodeScalars.map { UInt8($0.value) }), FileLook("an HDF5 file", "export it as JSONL")),
    ([0x80, 2], pickle), ([0x80, 3], pickle), ([0x80, 4], pickle), ([0x80, 5], pickle),
  ]
}
