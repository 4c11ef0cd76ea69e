import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Quantisers against the bytes of Python's `gguf`, and against what they must be whatever anyone else does.
@Suite struct WeightEncoderTests {
  private static let file = ReferenceFiles.packageRoot.appending(path: "Tests/Fixtures/quantization/blocks.safetensors")

  @Test(arguments: [WeightFormat.f16, .bf16, .q8_0, .q4_0, .q4_1]) func bytesAreThoseOfTheReference(
    format: WeightFormat
  ) throws {
    let file = try SafetensorsFile(contentsOf: Self.file)
    let numbers = try file.floats(named: "numbers")
    let expected = [UInt8](file.bytes(of: try file.tensor(named: format.description)))
    let encoder = try #require(WeightEncoder(format))
    let found = try #require(encoder.encode(numbers))
    try #require(found.count == expected.count)
    let size = format.bytesPerBlock * 32 / format.blockLength
    for block in 0..<numbers.count / 32 {
      let range = block * size..<(block + 1) * size
      #expect(found[range] == expected[range], "block \(block): \(numbers[block * 32..<block * 32 + 4])…")
    }
  }

  @Test func everyHalfComesBackAsItself() {
    for bits in UInt16.min...UInt16.max {
      let value = Float(halfBits: bits)
      #expect(value.isNaN ? value.halfBits & 0x7FFF > 0x7C00 : value.halfBits == bits)
    }
  }

  @Test func halfwayBetweenTwoHalvesGoesToTheEvenOne() {
    for bits in stride(from: UInt16(0), to: 0x7BFF, by: 1) {
      let (low, high) = (Float(halfBits: bits), Float(halfBits: bits + 1))
      let middle = low + (high - low) / 2
      #expect(middle.halfBits == bits + bits % 2)
      #expect((-middle.nextUp).halfBits == 0x8000 | bits + 1)
      if middle > 0 { #expect(middle.nextDown.halfBits == bits) }
    }
    #expect(Float(65519.99).halfBits == 0x7BFF)
    #expect(Float(65520).halfBits == 0x7C00)
  }

  @Test(arguments: WeightEncoder.formats) func numbersOutOfRangeAreNoticed(format: WeightFormat) throws {
    let encoder = try #require(WeightEncoder(format))
    for bad in [Float.nan, .infinity, -.infinity] {
      for position in [0, 17, 31] {
        var values = [Float](repeating: 0.5, count: 64)
        values[32 + position] = bad
        #expect(encoder.encode(values) == nil)
      }
    }
    let huge = [Float](repeating: 1e30, count: 31) + [-1e30]
    let fits = format == .f32 || format == .bf16
    #expect((encoder.encode(huge) != nil) == fits)
  }

  @Test func formatsThatAreReadOnlyHaveNoEncoder() {
    for format in WeightFormat.allCases where !WeightEncoder.formats.contains(format) {
      #expect(WeightEncoder(format) == nil)
    }
  }

  /// A quant is off by at most half a step, and by one step at the end of Q4_0's range, plus the rounding of the scale.
  @Test(arguments: [WeightFormat.q8_0, .q4_0, .q4_1]) func decodingIsWithinAStep(format: WeightFormat) throws {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<64 * 32).map { _ in Float(generator.uniform() - 0.5) }
    let encoder = try #require(WeightEncoder(format))
    let bytes = try #require(encoder.encode(values))
    let decoded = bytes.withUnsafeBytes { bytes in
      WeightMatrix(rows: 64, columns: 32, format: format, bytes: bytes, owner: 0).dequantized().scalars
    }
    for row in 0..<64 {
      let block = values[row * 32..<(row + 1) * 32]
      let (least, greatest) = (block.min() ?? 0, block.max() ?? 0)
      let extreme = max(abs(least), abs(greatest))
      let step = format == .q8_0 ? extreme / 127 : format == .q4_0 ? extreme / 8 : (greatest - least) / 15
      let steps: Float = format == .q4_0 ? 1 : 0.5
      for index in row * 32..<(row + 1) * 32 {
        #expect(abs(decoded[index] - values[index]) <= steps * step + extreme * 0x1p-10)
      }
    }
  }
}
