import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("Safetensors files")
struct SafetensorsFileTests {
  @Test("What is written is read back, for random content", arguments: 0..<20)
  func roundTrip(seed: Int) throws {
    var generator = FormatFixtures.Generator(seed: UInt64(seed))
    let tensors = (0..<Int.random(in: 0...6, using: &generator)).map { index in
      let format = [WeightFormat.f32, .f16, .bf16].randomElement(using: &generator) ?? .f32
      let shape = (0..<Int.random(in: 0...4, using: &generator)).map { _ in Int.random(in: 0...4, using: &generator) }
      let size = shape.reduce(format.bytesPerBlock, *)
      let bytes = Data((0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) })
      return TensorData(name: "layer \"\(index)\"\n\\🎉", shape: shape, format: format, bytes: bytes)
    }
    let metadata = seed.isMultiple(of: 2) ? [:] : ["format": "pt", "b\u{1}\t": "\"quoted\"", "": "é"]
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try SafetensorsFile.write(tensors: tensors, metadata: metadata, to: url)
      let file = try SafetensorsFile(contentsOf: url)
      #expect(file.metadata == metadata)
      #expect(Set(file.tensors.map(\.name)) == Set(tensors.map(\.name)))
      for written in tensors {
        let tensor = try file.tensor(named: written.name)
        #expect(tensor.shape == written.shape)
        #expect(tensor.elementType.format == written.format)
        #expect(tensor.elementCount == written.shape.reduce(1, *))
        #expect(try Data(file.bytes(of: tensor)) == written.bytes)
        #expect(tensor.byteRange.lowerBound.isMultiple(of: tensor.elementType.byteWidth))
      }
      let again = folder.appendingPathComponent("b.safetensors")
      try SafetensorsFile.write(tensors: tensors.reversed(), metadata: metadata, to: again)
      #expect(try Data(contentsOf: url) == Data(contentsOf: again), "the order of the input must not matter")
    }
  }

  @Test("The bytes are those of the reference implementation")
  func referenceBytes() throws {
    // safetensors.numpy.save({"b": float32 [1, 2], "a": float32 [[3]]}, metadata={"format": "pt"})
    let header =
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
      + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let numbers = [3, 1, 2].flatMap { RawGGUF.little(Float($0).bitPattern) }
    let expected = Data(RawGGUF.little(UInt64(padded.utf8.count)) + Array(padded.utf8) + numbers)
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      let tensors = [
        TensorData(name: "b", shape: [2], floats: [1, 2]), TensorData(name: "a", shape: [1, 1], floats: [3]),
      ]
      try SafetensorsFile.write(tensors: tensors, metadata: ["format": "pt"], to: url)
      #expect(try Data(contentsOf: url) == expected)
    }
  }

  @Test("Floats of every plain format; other types are refused by name when asked for")
  func floats() throws {
    let header =
      #"{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"brain":{"dtype":"BF16","shape":[1],"#
      + #""data_offsets":[4,6]},"ids":{"dtype":"I64","shape":[1],"data_offsets":[6,14]}}"#
    let data = [0x00, 0x3C, 0x01, 0x00, 0xC0, 0x3F] + [UInt8](repeating: 1, count: 8)
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try AtomicFile.write(Data(RawGGUF.little(UInt64(header.utf8.count)) + Array(header.utf8) + data), to: url)
      let file = try SafetensorsFile(contentsOf: url)
      #expect(try file.floats(named: "half") == [1, 0x1p-24])
      #expect(try file.floats(named: "brain") == [1.5])
      #expect(try file.tensor(named: "ids").elementType == .int64)
      FormatFixtures.expectError(.unsupportedType, naming: url.path, "'ids'", "I64") {
        _ = try file.floats(named: "ids")
      }
      FormatFixtures.expectError(.missing, naming: "'none'") { _ = try file.floats(named: "none") }
    }
  }

  @Test("The writer refuses what the reader would")
  func writerRefuses() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      func expectRefusal(_ reason: FormatError.Reason, _ tensors: [TensorData]) {
        FormatFixtures.expectError(reason) { try SafetensorsFile.write(tensors: tensors, to: url) }
      }
      let one = TensorData(name: "a", shape: [1], floats: [1])
      expectRefusal(.duplicate, [one, one])
      expectRefusal(.badValue, [TensorData(name: "__metadata__", shape: [1], floats: [1])])
      expectRefusal(.unsupportedType, [TensorData(name: "q", shape: [32], format: .q4_1, bytes: Data(count: 20))])
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.isEmpty)
    }
  }
}
