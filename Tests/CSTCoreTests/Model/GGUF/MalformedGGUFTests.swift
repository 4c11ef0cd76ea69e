import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Damaged and hostile copies of a GGUF model are read or refused: no trap, no hang, no memory on a header's word. Each
/// test runs in a process of its own.
@Suite(.serialized) struct MalformedGGUFTests {
  @Test func truncatedAnywhere() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      var (probe, bytes) = try await MalformedGGUFTests.probe(in: folder)
      let headerSize = GGUFIntegerFields(of: bytes).headerSize
      for count in 0..<headerSize { try await probe.open(Array(bytes[..<count]), "\(count) bytes") }
      for count in stride(from: headerSize, to: bytes.count, by: bytes.count / 50) {
        try await probe.open(Array(bytes[..<count]), "\(count) bytes")
      }
      #expect(probe.opened == 0 && probe.refused > headerSize)
      probe.checkMemory()
    }
  }

  @Test func integersAtTheirLimits() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      var (probe, bytes) = try await MalformedGGUFTests.probe(in: folder)
      for (offset, width) in GGUFIntegerFields(of: bytes).fields {
        for value in MalformedGGUFTests.limits(of: width, around: bytes, at: offset) {
          var mutant = bytes
          for byte in 0..<width { mutant[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
          guard mutant != bytes else { continue }
          try await probe.open(mutant, "\(value) of \(width) bytes at \(offset)")
        }
      }
      #expect(probe.refused > 2000)
      probe.checkMemory()
    }
  }

  @Test func bitsFlippedAnywhereInTheHeader() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      var (probe, bytes) = try await MalformedGGUFTests.probe(in: folder)
      let headerSize = GGUFIntegerFields(of: bytes).headerSize
      var generator = SeededGenerator(seed: 5)
      for number in 0..<3000 {
        var mutant = bytes
        for _ in 0..<(number % 3 + 1) {
          mutant[Int.random(in: 0..<headerSize, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
        try await probe.open(mutant, "mutant \(number)")
      }
      #expect(probe.refused > 1000 && probe.refused + probe.opened == 3000)
      probe.checkMemory()
    }
  }

  private static func probe(in folder: TemporaryFolder) async throws -> (MutantProbe, [UInt8]) {
    let file = folder["model.gguf"]
    try TinyModel.write(to: file)
    let bytes = [UInt8](try Data(contentsOf: file))
    return (try await MutantProbe(model: file, altering: file), bytes)
  }

  /// The limits of integers, of sizes of this file and of the number that is there, and their neighbours.
  private static func limits(of width: Int, around bytes: [UInt8], at offset: Int) -> [UInt64] {
    let present = bytes[offset..<offset + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let centres: [UInt64] = [
      0, 1 << 7, 1 << 8, 1 << 15, 1 << 16, 1 << 22, 1 << 26, 1 << 31, 1 << 32, 1 << 62, 1 << 63,
      UInt64(bytes.count), present,
    ]
    let values = Set(centres.flatMap { [$0 &- 1, $0, $0 &+ 1] })
    return values.filter { width == 8 || $0 >> UInt64(8 * width) == 0 }.sorted()
  }
}
