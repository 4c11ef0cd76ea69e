import Foundation
import Testing

import CSTFormats

/// What the tests of file formats share.
package enum FormatFixtures {
  /// SplitMix64: the same numbers on every machine.
  package struct Generator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  /// Calls `body` with a new folder that is removed afterwards.
  package static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cst-formats-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// Calls `body` with `bytes` placed so that the byte after the last one cannot be read: reading past the end crashes
  /// instead of going unnoticed.
  package static func withGuarded<Result>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let size = (bytes.count + page - 1) / page * page
    #if canImport(Darwin)
      let flags = MAP_PRIVATE | MAP_ANON
    #else
      let flags = MAP_PRIVATE | MAP_ANONYMOUS
    #endif
    let region = try #require(mmap(nil, size + page, PROT_READ | PROT_WRITE, flags, -1, 0))
    try #require(region != MAP_FAILED)
    defer { munmap(region, size + page) }
    try #require(mprotect(region + size, page, PROT_NONE) == 0)
    let start = region + (size - bytes.count)
    start.copyMemory(from: bytes, byteCount: bytes.count)
    return try body(UnsafeRawBufferPointer(start: start, count: bytes.count))
  }

  /// Expects `body` to throw a `FormatError` with `reason`, whose message names all of `parts`; returns it.
  @discardableResult
  package static func expectError(
    _ reason: FormatError.Reason, naming parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
  ) -> FormatError? {
    let error = #expect(throws: FormatError.self, sourceLocation: sourceLocation) { try body() }
    #expect(error?.reason == reason, "\(error?.description ?? "")", sourceLocation: sourceLocation)
    for part in parts {
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation)
    }
    return error
  }

  /// A copy of `bytes` with a few bits flipped, bytes replaced, or numbers made extreme.
  package static func mutant(of bytes: [UInt8], using generator: inout Generator) -> [UInt8] {
    var mutant = bytes
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let index = Int.random(in: 0..<mutant.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: mutant[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: mutant[index] = .random(in: 0...255, using: &generator)
      case 2:
        let extreme: [UInt64] = [0, 1, 0x7FFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 1 << 32]
        let number = extreme[Int.random(in: 0..<extreme.count, using: &generator)]
        for byte in 0..<8 where index + byte < mutant.count {
          mutant[index + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte))
        }
      default: mutant.removeSubrange(index..<min(mutant.count, index + Int.random(in: 1...8, using: &generator)))
      }
      if mutant.isEmpty { return [0] }
    }
    return mutant
  }

  /// Pages of memory this process holds, or nil where the system does not say.
  package static func residentBytes() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map {
      $0 * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
  }
}

extension TensorData {
  /// The whole content.
  package var bytes: Data {
    get throws {
      var bytes = Data()
      try write { bytes.append(contentsOf: $0) }
      return bytes
    }
  }
}
