import Foundation
import TestSupport

@testable import CSTFormats

/// A GGUF file put together by hand, so that it can be wrong in ways the writer refuses.
struct RawGGUF {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  var tensorCount: UInt64?
  var keyCount: UInt64?
  /// Encoded key-value pairs.
  var pairs: [[UInt8]] = []
  /// Encoded tensor entries.
  var tensors: [[UInt8]] = []
  /// Tensor data, which is preceded by padding to a multiple of 32.
  var data: [UInt8] = []

  var bytes: [UInt8] {
    var bytes = magic + Self.little(version)
    bytes += Self.little(tensorCount ?? UInt64(tensors.count)) + Self.little(keyCount ?? UInt64(pairs.count))
    for part in pairs + tensors { bytes += part }
    if !data.isEmpty { bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32) + data }
    return bytes
  }

  static func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

  static func text(_ text: String) -> [UInt8] { little(UInt64(text.utf8.count)) + Array(text.utf8) }

  static func pair(_ key: String, type: UInt32, _ value: [UInt8]) -> [UInt8] { text(key) + little(type) + value }

  static func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) -> [UInt8] {
    text(name) + little(UInt32(dimensions.count)) + dimensions.flatMap { little($0) } + little(type) + little(offset)
  }

  /// Reads the header with unreadable memory behind the last byte.
  func parse() throws -> GGUFHeader {
    try FormatFixtures.withGuarded(bytes) { try GGUFHeader($0, file: "raw.gguf") }
  }
}
