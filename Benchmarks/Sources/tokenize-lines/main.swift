// Ids or speed of a tokenizer on many texts, for Benchmarks/tokenizer and Benchmarks/peers/tokenizer_differences.py.
//
//   tokenize-lines TOKENIZER content|template < TEXTS.jsonl           ids as JSON, a line a text
//   tokenize-lines TOKENIZER content|template ROUNDS < TEXTS.jsonl    {"seconds":[…],"ids":n,"digest":"…"}
//
// TOKENIZER is a GGUF file or a folder with tokenizer files; every line of standard input is a JSON string.

import CSTCore
import Foundation

let arguments = CommandLine.arguments
guard arguments.count == 3 || arguments.count == 4, ["content", "template"].contains(arguments[2]) else {
  FileHandle.standardError.write(Data("usage: tokenize-lines TOKENIZER content|template [ROUNDS] < TEXTS.jsonl\n".utf8))
  exit(64)
}
let location = URL(fileURLWithPath: arguments[1])
let tokenizer = try Tokenizer(contentsOf: location)
let decoder = JSONDecoder()
let texts = try FileHandle.standardInput.readDataToEndOfFile().split(separator: 10).map {
  try decoder.decode(String.self, from: Data($0))
}

func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func encode(_ text: String) -> [Int32] {
  arguments[2] == "content" ? tokenizer.encode(content: text) : tokenizer.encode(template: text)
}

if arguments.count == 3 {
  for text in texts {
    FileHandle.standardOutput.write(Data("\(encode(text))\n".utf8))
  }
} else {
  struct Measurement: Encodable {
    /// Processor time of each round.
    var seconds: [Double] = []
    var ids = 0
    /// FNV-1a of all ids: equal wherever results are the same.
    var digest = ""
  }
  var measurement = Measurement()
  for _ in 0..<(Int(arguments[3]) ?? 1) {
    var ids: [[Int32]] = []
    ids.reserveCapacity(texts.count)
    let start = processorSeconds()
    for text in texts { ids.append(encode(text)) }
    measurement.seconds.append(processorSeconds() - start)
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for id in ids.joined() { hash = (hash ^ UInt64(UInt32(bitPattern: id))) &* 0x0000_0100_0000_01B3 }
    measurement.ids = ids.reduce(0) { $0 + $1.count }
    measurement.digest = String(hash, radix: 16)
  }
  FileHandle.standardOutput.write(try JSONEncoder().encode(measurement))
}
