// Measures the kernels and the model on this machine. Every result is checked before it is timed.
//
//   measure [SECTION…]             a table: each work once
//   measure --list                 what there is, as JSON, with kernels and machine
//   measure --serve                a work's name and seconds a line on standard input, a sample a line on standard output
//
// Before these, --threads N and --model FILE. A line of --serve is {"name":"exp …","seconds":0.3}; the answer is
// {"rate":…,"peak":…,"share":…} or {"error":"…"}.

import CSTCore
import Foundation
import Measures

struct Listing: Encodable {
  var kernels = Kernels.current.name
  var works: [Work]
}

struct Request: Decodable {
  let name: String
  let seconds: Double
}

var arguments = Array(CommandLine.arguments.dropFirst())
/// The value after an option, both taken out of the arguments.
@MainActor func option(_ name: String) -> String? {
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
  defer { arguments.removeSubrange(index...index + 1) }
  return arguments[index + 1]
}

let encoder = JSONEncoder()
@MainActor func write(_ value: some Encodable) throws {
  FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
}

let threads = option("--threads").flatMap(Int.init) ?? ComputePool.shared.threadCount
let measures = Measure.all(threads: threads, model: option("--model").map { URL(filePath: $0) })
let peak = MachinePeak()

if arguments == ["--list"] {
  try write(Listing(works: measures.map(\.work)))
} else if arguments == ["--serve"] {
  var ready: (name: String, measure: ReadyMeasure)?
  while let line = readLine() {
    do {
      let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
      if ready?.name != request.name {
        ready = nil  // gives the last one's memory back before the next one takes its own
        guard let measure = measures.first(where: { $0.work.name == request.name }) else {
          try write(["error": "there is no work of the name \(request.name)"])
          continue
        }
        ready = (request.name, try await ReadyMeasure(measure, peak: peak))
      }
      if let sample = try await ready?.measure.sample(seconds: request.seconds) { try write(sample) }
    } catch {
      try write(["error": "\(error)"])
    }
  }
} else {
  print("kernels: \(Kernels.current.name), threads where shared: \(threads)\n")
  print("| work | measured | share of peak |\n|---|---|---|")
  for measure in measures where arguments.isEmpty || arguments.contains(measure.work.section) {
    let sample = try await ReadyMeasure(measure, peak: peak).sample(seconds: 0.3)
    let rate = String(format: sample.rate < 10 ? "%.2f" : "%.0f", sample.rate)
    print("| \(measure.work.name) | \(rate) \(measure.work.unit.rawValue) | \(Int((100 * sample.share).rounded())) % |")
  }
}
