import Foundation
import TestSupport
import Testing

@testable import CSTFormats

@Suite("Mapping and replacing files")
struct FileAccessTests {
  @Test("A mapped file shows the file's bytes")
  func mapping() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a")
      let content = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0) })
      try content.write(to: url)
      let file = try MappedFile(contentsOf: url)
      #expect(file.path == url.path)
      #expect(file.size == content.count)
      #expect(Data(file.bytes) == content)
      try FileManager.default.removeItem(at: url)
      #expect(Data(file.bytes) == content, "removing the name must not take the bytes away")
    }
  }

  @Test("What cannot be mapped: nothing there, a folder, a pipe, an empty file, no file URL")
  func unmappable() throws {
    try FormatFixtures.withFolder { folder in
      let missing = folder.appendingPathComponent("missing")
      FormatFixtures.expectError(.unreadable, naming: missing.path, "no such file") {
        _ = try MappedFile(contentsOf: missing)
      }
      FormatFixtures.expectError(.unreadable, naming: folder.path, "a folder") {
        _ = try MappedFile(contentsOf: folder)
      }
      let pipe = folder.appendingPathComponent("pipe")
      try #require(mkfifo(pipe.path, 0o600) == 0)
      FormatFixtures.expectError(.unreadable, naming: "pipe") { _ = try MappedFile(contentsOf: pipe) }
      let empty = folder.appendingPathComponent("empty")
      try Data().write(to: empty)
      FormatFixtures.expectError(.truncated, naming: empty.path, "an empty file") {
        _ = try MappedFile(contentsOf: empty)
      }
      let remote = try #require(URL(string: "https://example.org/model.gguf"))
      FormatFixtures.expectError(.unreadable, naming: "file URL") { _ = try MappedFile(contentsOf: remote) }
    }
  }

  @Test("What may not be read cannot be mapped", .needsPermissions)
  func withoutPermission() throws {
    try FormatFixtures.withFolder { folder in
      let secret = folder.appendingPathComponent("secret")
      try Data([1]).write(to: secret)
      try #require(chmod(secret.path, 0) == 0)
      FormatFixtures.expectError(.unreadable, naming: "permission") { _ = try MappedFile(contentsOf: secret) }
    }
  }

  private struct Interruption: Error {}

  @Test("Writing replaces a file and keeps its permissions; nothing is left beside it")
  func replacing() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data([1, 2]), to: url)
      try #require(chmod(url.path, 0o640) == 0)
      try AtomicFile.write(to: url) { output in
        try output.write(Data([3]))
        try output.write(Data())
        try output.write([4, 5] as [UInt8])
      }
      #expect(try Data(contentsOf: url) == Data([3, 4, 5]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
      let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
      #expect(attributes[.posixPermissions] as? Int == 0o640)
    }
  }

  @Test("Where writing fails half-way, the old file stays and nothing is left beside it")
  func interruption() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data([1, 2]), to: url)
      #expect(throws: Interruption.self) {
        try AtomicFile.write(to: url) { output in
          try output.write(Data([9]))
          throw Interruption()
        }
      }
      #expect(try Data(contentsOf: url) == Data([1, 2]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
    }
  }

  @Test("A mapping made before the file is replaced keeps the old bytes")
  func mappingOfReplaced() throws {
    try FormatFixtures.withFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data([1, 2]), to: url)
      let old = try MappedFile(contentsOf: url)
      try AtomicFile.write(Data([3]), to: url)
      #expect(Array(old.bytes) == [1, 2])
    }
  }

  @Test("A symbolic link is followed, not replaced")
  func symbolicLink() throws {
    try FormatFixtures.withFolder { folder in
      let target = folder.appendingPathComponent("target")
      let link = folder.appendingPathComponent("link")
      try AtomicFile.write(Data([1]), to: target)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
      try AtomicFile.write(Data([2]), to: link)
      #expect(try Data(contentsOf: target) == Data([2]))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == target.path)
    }
  }

  @Test("What cannot be written: a missing folder, a folder's name")
  func unwritable() throws {
    try FormatFixtures.withFolder { folder in
      let missing = folder.appendingPathComponent("no/such/a")
      FormatFixtures.expectError(.unwritable, naming: missing.path) { try AtomicFile.write(Data([1]), to: missing) }
      FormatFixtures.expectError(.unwritable, naming: folder.path, "a folder") {
        try AtomicFile.write(Data([1]), to: folder)
      }
    }
  }
}
