import Testing

@testable import CSTCore

@Suite("Weight formats")
struct WeightFormatTests {
  /// ggml's `sizeof(block_…)`: a half-precision number or two, 6-bit scales, packed values, for example
  /// Q4_K = 2 + 2 + 12 + 256 / 2.
  @Test(
    "Block sizes are ggml's",
    arguments: [
      (.f32, 1, 4), (.f16, 1, 2), (.bf16, 1, 2), (.q8_0, 32, 34), (.q4_0, 32, 18), (.q4_1, 32, 20), (.q5_0, 32, 22),
      (.q5_1, 32, 24), (.q4_K, 256, 144), (.q5_K, 256, 176), (.q6_K, 256, 210),
    ] as [(WeightFormat, Int, Int)])
  func blocks(format: WeightFormat, length: Int, bytes: Int) {
    #expect(format.blockLength == length)
    #expect(format.bytesPerBlock == bytes)
    #expect(format.isQuantized == (length > 1))
    #expect(format.byteCount(for: 3 * length) == 3 * bytes)
    #expect(format.byteCount(for: 0) == 0)
  }

  @Test("No size for part of a block, a negative count or an overflow", arguments: WeightFormat.allCases)
  func noSize(format: WeightFormat) {
    #expect(format.byteCount(for: -format.blockLength) == nil)
    if format.isQuantized {
      #expect(format.byteCount(for: format.blockLength + 1) == nil)
    } else {
      #expect(format.byteCount(for: .max) == nil)
    }
    // The quantised formats take about a byte an element or less, so that only Q8_0 can overflow.
    if format == .q8_0 { #expect(format.byteCount(for: .max / 32 * 32) == nil) }
  }

  @Test("ggml's numbers lead back to the format", arguments: WeightFormat.allCases)
  func numbers(format: WeightFormat) {
    #expect(WeightFormat(ggmlType: format.ggmlType) == format)
    #expect("\(format)" == "\(format)".uppercased())
  }

  @Test("Names of types, supported or not")
  func names() {
    #expect(WeightFormat.q4_1.description == "Q4_1")
    #expect(WeightFormat.q6_K.description == "Q6_K")
    #expect(WeightFormat.bf16.description == "BF16")
    #expect(WeightFormat(ggmlType: 16) == nil)
    #expect(WeightFormat.name(ofGGMLType: 16) == "IQ2_XXS")
    #expect(WeightFormat.name(ofGGMLType: 1000) == "type 1000")
  }
}
