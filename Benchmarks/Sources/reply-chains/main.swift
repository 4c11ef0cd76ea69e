// Speed of ReplyEngine on chains of draft, critique and revision: JSON on standard output.
//
//   reply-chains MODEL PROMPTS.jsonl STAGES.json COUNT CHAIN-LENGTH MAXIMUM-TOKENS TEMPERATURE SLOTS CACHED-TOKENS THREADS
//
// The first COUNT prompts, each a chain of its own, twice as many chains in flight as there are slots. Loading and
// packing the weights is not measured.

import CSTCore
import Foundation

struct Row: Decodable {
  let prompt: String
}

struct Stages: Decodable {
  let system: String
  let critique: String
  let revision: String
}

struct Measurement: Encodable {
  var chains = 0
  var seconds = 0.0
  var cpuSeconds = 0.0
  var generatedTokens = 0
  var promptTokens = 0
  var reusedTokens = 0
  var completeReplies = 0
  var kernels = Kernels.current.name
  /// FNV-1a of all texts in order: equal wherever results are the same.
  var digest = ""
}

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

let arguments = Array(CommandLine.arguments.dropFirst())
let numbers = arguments.dropFirst(3).compactMap(Double.init)
guard arguments.count == 10, numbers.count == 7 else {
  FileHandle.standardError.write(Data("usage: see the first lines of main.swift\n".utf8))
  exit(64)
}
let (count, chainLength, maximumTokens) = (Int(numbers[0]), Int(numbers[1]), Int(numbers[2]))
let (temperature, slots, cachedTokens) = (numbers[3], Int(numbers[4]), Int(numbers[5]))
ComputePool.shared.threadCount = Int(numbers[6])

let rows = try String(contentsOf: URL(filePath: arguments[1]), encoding: .utf8).split(separator: "\n").prefix(count)
let prompts = try rows.map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)).prompt }
let stages = try JSONDecoder().decode(Stages.self, from: Data(contentsOf: URL(filePath: arguments[2])))
let requests = [stages.critique, stages.revision].prefix(chainLength - 1)
let engine = ReplyEngine(
  model: try await LanguageModel(contentsOf: URL(filePath: arguments[0])), slots: slots, cachedTokens: cachedTokens)

func chain(_ index: Int) async throws -> [Reply] {
  let sampling = Sampling(temperature: temperature, seed: UInt64(index))
  var messages = [Message.system(stages.system), .user(prompts[index])]
  var replies = [try await engine.respond(to: messages, sampling: sampling, maximumTokens: maximumTokens)]
  for request in requests {
    messages += [.assistant(replies[replies.count - 1].text), .user(request)]
    replies.append(try await engine.respond(to: messages, sampling: sampling, maximumTokens: maximumTokens))
  }
  return replies
}

_ = try await engine.respond(to: [.user("Hello")], maximumTokens: 2)
let (began, processorBegan) = (ContinuousClock.now, processorSeconds())
let chains = try await withThrowingTaskGroup(of: (Int, [Reply]).self) { group in
  var results: [Int: [Reply]] = [:]
  for index in prompts.indices {
    if index >= 2 * slots, let (done, replies) = try await group.next() { results[done] = replies }
    group.addTask { (index, try await chain(index)) }
  }
  for try await (done, replies) in group { results[done] = replies }
  return prompts.indices.compactMap { results[$0] }
}
var measurement = Measurement()
let elapsed = (ContinuousClock.now - began).components
measurement.seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
measurement.cpuSeconds = processorSeconds() - processorBegan
measurement.chains = chains.count
var hash: UInt64 = 0xcbf2_9ce4_8422_2325
for reply in chains.flatMap({ $0 }) {
  measurement.generatedTokens += reply.completionTokens
  measurement.promptTokens += reply.promptTokens
  measurement.reusedTokens += reply.reusedTokens
  measurement.completeReplies += reply.isComplete ? 1 : 0
  for byte in reply.text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
}
measurement.digest = String(hash, radix: 16)
let encoder = JSONEncoder()
encoder.keyEncodingStrategy = .convertToSnakeCase
encoder.outputFormatting = .sortedKeys
print(String(decoding: try encoder.encode(measurement), as: UTF8.self))
