import CSTCore
import Foundation
import Synchronization

/// Every reply of a teacher, kept on disk so that a killed run goes on where it stopped.
///
/// A JSONL file: a header line, then one line for each finished call, appended and flushed to the disk before the reply
/// is used. A reply is found by the *address* of its call, a digest of everything that determines it: teacher, stage,
/// configuration, conversation, sampling and limits. A changed stage prompt therefore misses exactly the calls that depend on it.
///
/// A process that is killed may leave half a line at the end: it is cut off when the journal is opened. One process at a
/// time may have a journal open.
///
/// `@unchecked Sendable`: the file is written on one serial queue only; the replies are guarded by their mutex.
public final class SynthesisJournal: @unchecked Sendable {
  /// The file.
  package let file: URL
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "cst.synthesis-journal")
  private let replies: Mutex<[String: TeacherReply]>
  /// Why nothing more can be written: after a failure the end of the file is uncertain.
  private let failure = Mutex<DatasetError?>(nil)

  private struct Header: Codable, Equatable {
    var journal = "cst synthesis"
    var version = 1
  }

  private struct Entry: Codable {
    let call: String
    let stage: SynthesisStage
    let configuration: String?
    let reply: TeacherReply
  }

  /// Opens a journal, or makes an empty one.
  ///
  /// - Throws: ``DatasetError``: `unreadableFile`, `unwritableFile`, or `malformedRow` naming the first line that is not
  ///   a journal's; `unwritableFile` too where another process has it open.
  public init(file: URL) throws(DatasetError) {
    self.file = file
    let path = file.path
    descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.unwritable(file, errno) }
    do throws(DatasetError) {
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        guard errno == EWOULDBLOCK else { throw Self.unwritable(file, errno) }
        throw DatasetError(
          reason: .unwritableFile, file: file,
          detail: "another process has this journal open; wait for it to end, or give another --out")
      }
      replies = Mutex(try Self.read(file, descriptor))
    } catch {
      Foundation.close(descriptor)
      throw error
    }
  }

  deinit { Foundation.close(descriptor) }

  /// Lets another process, or another value in this one, open the file. Nothing can be kept after that.
  ///
  /// Without this call the file is free once the last copy of whatever uses the journal is gone.
  public func close() {
    queue.sync {
      failure.withLock { failure in
        failure =
          failure ?? DatasetError(reason: .unwritableFile, file: file, detail: "the journal was closed; open it again")
      }
      flock(descriptor, LOCK_UN)
    }
  }

  package var count: Int { replies.withLock { $0.count } }

  /// The reply to the call of this address, or `nil`.
  subscript(address: String) -> TeacherReply? { replies.withLock { $0[address] } }

  /// Keeps the reply to a call; it is on the disk when this returns.
  /// - Returns: The reply that counts from now on: the one kept first, where the same call was answered twice.
  func record(_ reply: TeacherReply, to call: TeacherCall, at address: String) async throws -> TeacherReply {
    let entry = Entry(call: address, stage: call.stage, configuration: call.configuration, reply: reply)
    let line = try JSONEncoder.rows.encode(entry) + [UInt8(ascii: "\n")]
    return try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        continuation.resume(
          with: Result {
            if let known = self[address] { return known }
            if let failure = failure.withLock({ $0 }) { throw failure }
            do throws(DatasetError) {
              try Self.append(line, to: descriptor, of: file)
            } catch {
              failure.withLock { $0 = error }
              throw error
            }
            replies.withLock { $0[address] = reply }
            return reply
          })
      }
    }
  }

  // MARK: The file

  private static let foreignProblem =
    "this is not a journal of cst synth, version 1; move it away, or give another --out"

  private static func foreign(_ file: URL) -> DatasetError {
    DatasetError(reason: .malformedRow, file: file, line: 1, detail: foreignProblem)
  }

  private static func unwritable(_ file: URL, _ code: Int32) -> DatasetError {
    DatasetError(reason: .unwritableFile, file: file, detail: String(cString: strerror(code)))
  }

  /// Adds a line, or nothing: half of one would spoil the next.
  private static func append(_ line: Data, to descriptor: Int32, of file: URL) throws(DatasetError) {
    let end = lseek(descriptor, 0, SEEK_END)
    var failure: Int32 = 0
    line.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty, failure == 0 {
        let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written >= 0 {
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          failure = errno
        }
      }
    }
    if failure == 0, fsync(descriptor) != 0 { failure = errno }
    guard failure == 0 else {
      if end >= 0 { _ = ftruncate(descriptor, end) }
      throw unwritable(file, failure)
    }
  }

  /// Reads all whole lines and cuts off what a killed process left behind the last of them.
  private static func read(_ file: URL, _ descriptor: Int32) throws(DatasetError) -> [String: TeacherReply] {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw DatasetError(reason: .unreadableFile, file: file, detail: UnreadableFile.problem(of: file, error))
    }
    var replies: [String: TeacherReply] = [:]
    var start = data.startIndex
    var line = 1
    let decoder = JSONDecoder()
    while let end = data[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let text = data[start..<end]
      do {
        if line == 1 {
          guard try decoder.decodeChecked(Header.self, from: text) == Header() else {
            throw CocoaError(.coderReadCorrupt)
          }
        } else {
          let entry = try decoder.decodeChecked(Entry.self, from: text)
          guard entry.reply.hasProbabilities else { throw CocoaError(.coderReadCorrupt) }
          if replies[entry.call] == nil { replies[entry.call] = entry.reply }
        }
      } catch {
        throw DatasetError(
          reason: .malformedRow, file: file, line: line,
          detail: line == 1 ? foreignProblem : "not a journal's entry; remove this line, and its call is made again")
      }
      start = end + 1
      line += 1
    }
    // Without a line there may be the beginning of a header; anything else is not ours to cut.
    let header = (try? JSONEncoder.rows.encode(Header())) ?? Data()
    guard line > 1 || header.starts(with: data) else { throw foreign(file) }
    if start < data.endIndex {
      guard ftruncate(descriptor, off_t(start - data.startIndex)) == 0 else { throw Self.unwritable(file, errno) }
    }
    if line == 1 { try append(header + [UInt8(ascii: "\n")], to: descriptor, of: file) }
    return replies
  }
}

extension TeacherReply {
  /// Whether the probabilities of choices, where there are some, are probabilities.
  var hasProbabilities: Bool { choiceProbabilities?.allSatisfy { (0...1).contains($0) } ?? true }
}

extension TeacherCall {
  /// A digest of everything that determines the reply of this teacher to this call.
  func address(for teacher: String) throws -> String {
    struct Content: Encodable {
      let teacher: String
      let stage: SynthesisStage
      let configuration: String?
      let messages: [Message]
      let sampling: Sampling
      let maximumTokens: Int
      let choices: [String]
    }
    return try digest(
      of: Content(
        teacher: teacher, stage: stage, configuration: configuration, messages: messages, sampling: sampling,
        maximumTokens: maximumTokens, choices: choices))
  }
}

/// The SHA-256 of a value's JSON with sorted keys, in hexadecimal.
func digest(of value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  var hash = SHA256()
  hash.update(try encoder.encode(value))
  return hash.digest()
}
