import Foundation

/// Unpacks gzip files (RFC 1952, with DEFLATE, RFC 1951), member after member.
///
/// Nothing is allocated on a header's word: what comes out grows as it is written, up to a limit.
package enum Gzip {
  /// Why a file cannot be unpacked.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The most that a file may unpack to.
  package static let sizeLimit = 4 << 30

  package static func unpacked(_ data: Data, limit: Int = sizeLimit) throws(Failure) -> Data {
    var bits = BitReader(bytes: [UInt8](data))
    var output: [UInt8] = []
    repeat {
      try readHeader(&bits)
      let start = output.count
      try Inflater.inflate(&bits, into: &output, limit: limit)
      bits.skipToByte()
      let (sum, size) = (try bits.bits(32), try bits.bits(32))
      guard sum == checksum(output[start...]), size == (output.count - start) & 0xFFFF_FFFF else {
        throw Failure(description: "its checksum is another: the file is damaged")
      }
    } while bits.remaining >= 18
    return Data(output)
  }

  private static func readHeader(_ bits: inout BitReader) throws(Failure) {
    guard try bits.bits(16) == 0x8B1F, try bits.bits(8) == 8 else {
      throw Failure(description: "it is no gzip file with DEFLATE")
    }
    let flags = try bits.bits(8)
    for _ in 0..<6 { _ = try bits.bits(8) }
    if flags & 4 != 0 {
      let length = try bits.bits(16)
      for _ in 0..<length { _ = try bits.bits(8) }
    }
    for flag in [8, 16] where flags & flag != 0 {
      while try bits.bits(8) != 0 {}
    }
    if flags & 2 != 0 { _ = try bits.bits(16) }
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    var sum = UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
    return sum
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
    var sum = ~UInt32(0)
    for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ (sum >> 8) }
    return Int(~sum)
  }
}

/// Bits from the lowest of each byte.
private struct BitReader {
  let bytes: [UInt8]
  private var position = 0
  private var buffer = 0
  private var count = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// Whole bytes that are left.
  var remaining: Int { bytes.count - position + count / 8 }

  mutating func bits(_ wanted: Int) throws(Gzip.Failure) -> Int {
    while count < wanted {
      guard position < bytes.count else { throw Gzip.Failure(description: "the file ends before its content does") }
      buffer |= Int(bytes[position]) << count
      position += 1
      count += 8
    }
    defer {
      buffer >>= wanted
      count -= wanted
    }
    return buffer & (1 << wanted - 1)
  }

  mutating func skipToByte() {
    buffer >>= count % 8
    count -= count % 8
  }
}

/// A prefix code by its codes' lengths.
private struct PrefixCode {
  /// How many codes there are of each length.
  private var counts = [Int](repeating: 0, count: 16)
  private var symbols: [Int] = []

  init(_ lengths: some Collection<Int>) {
    for length in lengths { counts[length] += 1 }
    counts[0] = 0
    for length in 1..<16 { symbols += lengths.enumerated().filter { $0.element == length }.map(\.offset) }
  }

  func next(_ bits: inout BitReader) throws(Gzip.Failure) -> Int {
    var (code, first, index) = (0, 0, 0)
    for length in 1..<16 {
      code |= try bits.bits(1)
      if code - first < counts[length] { return symbols[index + code - first] }
      index += counts[length]
      first = (first + counts[length]) << 1
      code <<= 1
    }
    throw Gzip.Failure(description: "it has a code that stands for nothing: the file is damaged")
  }
}

private enum Inflater {
  private static let damaged = Gzip.Failure(description: "its blocks are damaged")
  private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  private typealias Range = (base: Int, bits: Int)
  /// The base and the extra bits of each length and distance.
  private static let lengths: [Range] = (0..<29).map { lengthRange($0) }
  private static let distances: [Range] = (0..<30).map { distanceRange($0) }

  private static func lengthRange(_ code: Int) -> Range {
    if code < 8 { return (code + 3, 0) }
    if code == 28 { return (258, 0) }
    let extra = code / 4 - 1
    return (((4 + code % 4) << extra) + 3, extra)
  }

  private static func distanceRange(_ code: Int) -> Range {
    if code < 4 { return (code + 1, 0) }
    let extra = code / 2 - 1
    return (((2 + code % 2) << extra) + 1, extra)
  }

  private static let fixed = (
    literals: PrefixCode(
      [Int](repeating: 8, count: 144) + [Int](repeating: 9, count: 112) + [Int](repeating: 7, count: 24)
        + [Int](repeating: 8, count: 8)),
    distances: PrefixCode([Int](repeating: 5, count: 30))
  )

  static func inflate(_ bits: inout BitReader, into output: inout [UInt8], limit: Int) throws(Gzip.Failure) {
    let start = output.count
    var isLast = false
    while !isLast {
      isLast = try bits.bits(1) == 1
      switch try bits.bits(2) {
      case 0:
        bits.skipToByte()
        let (count, complement) = (try bits.bits(16), try bits.bits(16))
        guard count ^ complement == 0xFFFF else { throw damaged }
        for _ in 0..<count { output.append(UInt8(try bits.bits(8))) }
      case 1: try decode(&bits, fixed, into: &output, from: start, limit: limit)
      case 2: try decode(&bits, try codes(&bits), into: &output, from: start, limit: limit)
      default: throw damaged
      }
      guard output.count <= limit else { throw tooLarge(limit) }
    }
  }

  private static func tooLarge(_ limit: Int) -> Gzip.Failure {
    Gzip.Failure(description: "it unpacks to more than \(limit) bytes")
  }

  private static func codes(
    _ bits: inout BitReader
  ) throws(Gzip.Failure) -> (literals: PrefixCode, distances: PrefixCode) {
    let (literals, distances, codes) = (try bits.bits(5) + 257, try bits.bits(5) + 1, try bits.bits(4) + 4)
    guard literals <= 286, distances <= 30 else { throw damaged }
    var lengths = [Int](repeating: 0, count: 19)
    for position in order.prefix(codes) { lengths[position] = try bits.bits(3) }
    let code = PrefixCode(lengths)
    var all: [Int] = []
    while all.count < literals + distances {
      switch try code.next(&bits) {
      case 16:
        guard let last = all.last else { throw damaged }
        all += [Int](repeating: last, count: try bits.bits(2) + 3)
      case 17: all += [Int](repeating: 0, count: try bits.bits(3) + 3)
      case 18: all += [Int](repeating: 0, count: try bits.bits(7) + 11)
      case let length: all.append(length)
      }
    }
    guard all.count == literals + distances else { throw damaged }
    return (PrefixCode(Array(all[..<literals])), PrefixCode(Array(all[literals...])))
  }

  private static func decode(
    _ bits: inout BitReader, _ codes: (literals: PrefixCode, distances: PrefixCode), into output: inout [UInt8],
    from start: Int, limit: Int
  ) throws(Gzip.Failure) {
    while true {
      let symbol = try codes.literals.next(&bits)
      if symbol < 256 {
        output.append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        guard symbol - 257 < lengths.count else { throw damaged }
        let length = lengths[symbol - 257].base + (try bits.bits(lengths[symbol - 257].bits))
        let number = try codes.distances.next(&bits)
        guard number < distances.count else { throw damaged }
        let distance = distances[number].base + (try bits.bits(distances[number].bits))
        guard distance <= output.count - start else { throw damaged }
        for _ in 0..<length { output.append(output[output.count - distance]) }
      }
      guard output.count <= limit else { throw tooLarge(limit) }
    }
  }
}
