/// Where the integers of a GGUF header are: counts, lengths, types, dimensions, offsets, and integers among the values.
public struct GGUFIntegerFields {
  /// Offset and width in bytes of every field.
  public private(set) var fields: [(offset: Int, width: Int)] = []
  /// Bytes of the header.
  public private(set) var headerSize = 0

  private let bytes: [UInt8]
  private var position = 4

  /// The fields of a sound file.
  public init(of bytes: [UInt8]) {
    self.bytes = bytes
    _ = integer(4)
    let (tensors, pairs) = (integer(8), integer(8))
    for _ in 0..<pairs {
      text()
      value(type: integer(4))
    }
    for _ in 0..<tensors {
      text()
      for _ in 0..<integer(4) { _ = integer(8) }
      _ = (integer(4), integer(8))
    }
    headerSize = position
  }

  private mutating func integer(_ width: Int) -> Int {
    fields.append((position, width))
    defer { position += width }
    return bytes[position..<position + width].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func text() { position += integer(8) }

  private mutating func value(type: Int) {
    switch type {
    case 0, 1, 7: _ = integer(1)
    case 2, 3: _ = integer(2)
    case 4, 5, 6: _ = integer(4)
    case 8: text()
    case 9:
      let (element, count) = (integer(4), integer(8))
      for index in 0..<count {
        // Of long arrays, the first elements stand for all.
        let first = fields.count
        value(type: element)
        if index > 2 { fields.removeSubrange(first...) }
      }
    default: _ = integer(8)
    }
  }
}
