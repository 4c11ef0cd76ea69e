import CSTCore
import CSTData
import Foundation

/// Work of a whole model through the public API.
extension Measure {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func model(_ location: URL, threads: Int) -> [Measure] {
    ["f32", "bf16"].map { training(location, precision: $0, threads: threads) }
      + [prompt(location, threads: threads)]
      + [1, 8].map { decoding(location, sequences: $0, threads: threads) }
  }

  /// DPO steps of two pairs of the example's data, rank 24, the reference scored in the step.
  private static func training(_ location: URL, precision: String, threads: Int) -> Measure {
    let work = Work(
      name: "training step \(precision), 2 pairs, \(threads) threads", section: "training", operation: "training",
      sizes: [2], precision: precision, threads: threads, unit: .pairs,
      limit: precision == "bf16" ? .dot : .multiplyAdd)
    return Measure(work: work) {
      let model = try await LanguageModel(contentsOf: location, precision: precision == "bf16" ? .bf16 : .f32)
      let examples = root.appending(path: "Examples/advice")
      let policy = try SafetyPolicy(contentsOf: examples.appending(path: "policy.json"))
      let rows = try [PreferencePair](contentsOf: examples.appending(path: "train.jsonl")).prefix(24)
      let pairs = try rows.configured(by: policy)
      let encoder = model.encoder(maximumLength: 512)
      let flops = try pairs.map { pair in
        ModelWork(model.configuration, rank: 24).training(try EncodedPair(pair, with: encoder).group)
      }
      let mean = flops.reduce(0, +) / Double(flops.count)
      func steps(seconds: Double) async throws -> (pairs: Int, seconds: Double, losses: [Double]) {
        let trainer = DPOTrainer(
          model: model, adapter: LoRAConfiguration(rank: 24, alpha: 48), maximumLength: 512,
          reference: ReferenceScores())
        var (done, spent, losses) = (0, 0.0, [Double]())
        for try await event in trainer.run(on: pairs, plan: TrainingPlan(batchSize: 2, order: .asGiven)) {
          guard case .step(let report) = event else { continue }
          losses.append(report.loss)
          if report.step == 1 { continue }  // packs the weights
          (done, spent) = (done + report.metrics.pairCount, spent + report.seconds)
          if spent >= seconds { break }
        }
        return (done, spent, losses)
      }
      return PreparedWork(
        check: {
          // A fresh adapter changes nothing, so the first loss is log 2; it must go on from there, and stay a number.
          let losses = try await steps(seconds: 0).losses
          guard let first = losses.first, abs(first - log(2)) < 1e-6, losses.allSatisfy(\.isFinite) else {
            throw MeasureError("losses \(losses), expected log 2 first")
          }
        },
        rate: { seconds in
          let (pairs, spent, _) = try await steps(seconds: max(seconds, 1))
          return Double(pairs) / spent
        },
        limitPerUnit: mean / 1e9)
    }
  }

  /// A prompt of 512 tokens up to the choice of the first token of the answer.
  private static func prompt(_ location: URL, threads: Int) -> Measure {
    let work = Work(
      name: "prompt of 512 tokens, \(threads) threads", section: "prompt", operation: "prompt", sizes: [512],
      precision: "f32", threads: threads, unit: .tokens, limit: .multiplyAdd)
    return Measure(work: work) {
      let model = try await LanguageModel(contentsOf: location, precision: .f32)
      let engine = ReplyEngine(model: model, slots: 1, cachedTokens: 0)
      let encoder = model.encoder()
      var text = "Tell me about bread."
      while try encoder.prompt([.user(text)]).count < 512 { text += " a" }
      let messages = [Message.user(text)]
      func seconds() async throws -> Double {
        let begin = ContinuousClock.now
        let reply = try await engine.respond(to: messages, maximumTokens: 1)
        guard reply.promptTokens == 512, reply.reusedTokens == 0 else {
          throw MeasureError(
            "a prompt of \(reply.promptTokens) tokens, of which \(reply.reusedTokens) were not computed")
        }
        return (ContinuousClock.now - begin) / .seconds(1)
      }
      return PreparedWork(
        check: { _ = try await seconds() },
        rate: { wanted in
          var times: [Double] = []
          while times.reduce(0, +) < max(wanted, 1) { times.append(try await seconds()) }
          return 512 / times.sorted()[times.count / 2]
        },
        limitPerUnit: ModelWork(model.configuration, rank: 0).forward(prompt: 512) / 512 / 1e9)
    }
  }

  /// Greedy replies of several conversations together: the time of 64 more tokens each, after the first.
  private static func decoding(_ location: URL, sequences: Int, threads: Int) -> Measure {
    let work = Work(
      name: "decoding, \(sequences) sequence\(sequences == 1 ? "" : "s"), \(threads) threads", section: "decoding",
      operation: "decoding", sizes: [sequences, 64], precision: "f32", threads: threads, unit: .tokens, limit: .read)
    return Measure(work: work) {
      let model = try await LanguageModel(contentsOf: location, precision: .f32)
      let engine = ReplyEngine(model: model, slots: sequences, cachedTokens: 0)
      let subjects = [
        "a river", "a baker", "a lighthouse", "a garden", "an old bridge", "a train", "a market", "a clock",
      ]
      func run(_ maximum: Int) async throws -> (seconds: Double, tokens: Int) {
        let begin = ContinuousClock.now
        let tokens = try await withThrowingTaskGroup(of: Int.self) { group in
          for index in 0..<sequences {
            let message = Message.user("Write a very long story about \(subjects[index % subjects.count]).")
            group.addTask { try await engine.respond(to: [message], maximumTokens: maximum).completionTokens }
          }
          return try await group.reduce(0, +)
        }
        guard tokens == sequences * maximum else {
          throw MeasureError("\(tokens) tokens of \(sequences) replies, expected \(maximum) of each")
        }
        return ((ContinuousClock.now - begin) / .seconds(1), tokens)
      }
      let size = try FileManager.default.attributesOfItem(atPath: location.path)[.size] as? Int ?? 0
      return PreparedWork(
        check: { _ = try await run(65) },
        rate: { wanted in
          var rates: [Double] = []
          let end = ContinuousClock.now + .seconds(max(wanted, 1))
          repeat {
            let (first, all) = (try await run(1), try await run(65))
            rates.append(Double(all.tokens - first.tokens) / (all.seconds - first.seconds))
          } while ContinuousClock.now < end
          return rates.sorted()[rates.count / 2]
        },
        limitPerUnit: Double(size) / 1e9 / Double(sequences))
    }
  }
}
