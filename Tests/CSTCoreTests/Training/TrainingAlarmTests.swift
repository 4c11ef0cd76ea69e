import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Every alarm rings at a planted case, once, and stays silent beside it.
@Suite struct TrainingAlarmTests {
  /// Steps of four pairs whose numbers a closure gives, until an alarm or to the end.
  private func alarms(
    _ fixture: RunFixture, trainer: DPOTrainer? = nil, steps: Int = 60, norm: (Int) -> Double = { _ in 1 },
    _ numbers: (_ step: Int, _ pair: Int) -> (configuration: String, chosenReward: Double, margin: Double)
  ) -> [TrainingAlarm] {
    var watch = TrainingWatch(trainer ?? fixture.trainer())
    let named = ["a", "b"].reduce(into: [String: [EncodedPair]]()) { named, name in
      named[name] = try? fixture.pairs.map { encoded in
        var pair = encoded.pair
        pair.configuration = name
        return pair
      }.encoded(with: fixture.model.encoder())
    }
    return (1...steps).flatMap { step in
      let evaluated = (0..<4).map { index in
        let (configuration, reward, margin) = numbers(step, index)
        let pair = named[configuration]?[(step * 4 + index) % fixture.pairs.count] ?? fixture.pairs[0]
        let zero = PairLogProbabilities.zero
        return EvaluatedPair(
          pair: pair, policy: zero,
          value: DPOLoss.Value(
            loss: 0.5, chosenReward: reward, rejectedReward: reward - margin, gradient: zero, discountedGradient: zero))
      }
      return watch.alarms(after: step, evaluated, gradientNorm: norm(step))
    }
  }

  @Test func aHealthyRunIsSilent() async throws {
    let fixture = try await RunFixture()
    let found = alarms(fixture, norm: { 1 + 3 * Double($0 % 5) }) { step, pair in
      (pair % 2 == 0 ? "a" : "b", 0.4, pair == 3 ? -0.2 : 0.1 * Double(step % 7))
    }
    #expect(found.isEmpty, "\(found)")
  }

  @Test func aFrozenLossNamesItsCause() async throws {
    let fixture = try await RunFixture()
    let zero = alarms(fixture, trainer: fixture.trainer(learningRate: 0)) { _, _ in ("a", 0, 0) }
    #expect(zero.map(\.kind) == [.frozenLoss] && zero[0].step == 8)
    #expect(zero[0].detail.contains("the learning rate is 0"))
    let same = alarms(fixture) { _, _ in ("a", 0, 0) }
    #expect(same.map(\.kind) == [.frozenLoss] && same[0].detail.contains("the answers of every pair are the same"))
    #expect(alarms(fixture, steps: 8) { _, pair in ("a", 0, pair == 2 ? 1e-5 : 0) }.isEmpty)
  }

  @Test func displacementNamesTheWorstRows() async throws {
    let fixture = try await RunFixture()
    func found(_ nats: Double, _ loss: DPOLoss = DPOLoss(beta: 0.5)) -> [TrainingAlarm] {
      var trainer = fixture.trainer()
      trainer.loss = loss
      return alarms(fixture, trainer: trainer) { _, pair in ("a", -0.5 * nats * (pair == 0 ? 1.03 : 1), 3) }
    }
    #expect(found(9).isEmpty)
    #expect(found(11).map(\.kind) == [.displacement] && found(11)[0].step == 32)
    #expect(!found(11)[0].rows.isEmpty)
    // Without a reference the reward is the likelihood itself.
    #expect(found(11, DPOLoss(.cpo, beta: 0.5)).isEmpty)
  }

  @Test func oneSidedLearningNamesBothConfigurations() async throws {
    let fixture = try await RunFixture()
    let found = alarms(fixture) { _, pair in
      let isA = pair < 2
      return (isA ? "a" : "b", 0.1, isA ? 1 : -1)
    }
    #expect(found.map(\.kind) == [.oneSided])
    #expect(found[0].detail.hasPrefix("100 % of the pairs under \"a\" are ranked rightly and 0 % under \"b\""))
    #expect(alarms(fixture) { _, pair in (pair < 2 ? "a" : "b", 0.1, pair < 3 ? 1 : -1) }.isEmpty)
  }

  @Test func aGradientSpikeNamesItsStep() async throws {
    let fixture = try await RunFixture()
    func found(_ spike: Double) -> [TrainingAlarm] {
      alarms(fixture, norm: { $0 == 40 ? spike : 1 + 0.1 * Double($0 % 3) }) { _, pair in ("a", 0.4, 0.3 + Double(pair))
      }
    }
    #expect(found(20).isEmpty)
    #expect(found(50).map(\.kind) == [.gradientSpike] && found(50)[0].step == 40 && found(50)[0].rows.count == 4)
  }

  /// Whole runs: equal answers are told before the first step, a learning rate of 0 after the eighth, and both end all the same.
  @Test func alarmsAreEventsOfTheRun() async throws {
    let fixture = try await RunFixture()
    var pair = fixture.pairs[1].pair
    pair.rejected = pair.chosen
    let pairs = try [fixture.pairs[0].pair, pair].encoded(with: fixture.model.encoder())
    var told: [TrainingAlarm] = []
    var steps = 0
    let plan = TrainingPlan(length: .steps(10), batchSize: 2)
    for try await event in fixture.trainer(learningRate: 0).run(on: pairs, plan: plan) {
      if case .alarm(let alarm) = event {
        if alarm.kind == .equalAnswers { #expect(steps == 0) }
        told.append(alarm)
      }
      if case .step = event { steps += 1 }
    }
    #expect(steps == 10)
    #expect(told.map(\.kind) == [.equalAnswers, .frozenLoss] && told[0].rows == [1], "\(told)")
  }

  /// Answers whose margin is their difference in length, among answers of many lengths.
  @Test func lengthBiasIsMeasuredOverPairs() async throws {
    let fixture = try await RunFixture()
    let words = (0..<24).map { "word \($0)" }
    let pairs = try (1...24).map { count in
      ConfiguredPair(
        prompt: [.user("Question?")], chosen: words.prefix(count).joined(separator: " "), rejected: "no",
        configuration: "a",
        source: count)
    }.encoded(with: fixture.model.encoder())
    func found(_ noise: Double) -> [TrainingAlarm.Kind] {
      var watch = TrainingWatch(fixture.trainer())
      return (1...40).flatMap { step in
        watch.alarms(
          after: step,
          (0..<4).map { index in
            let pair = pairs[(step * 4 + index) % pairs.count]
            let longer = Double(pair.chosen.tokens.count - pair.rejected.tokens.count)
            let margin = longer + noise * Double((step * 7 + index * 3) % 11)
            let zero = PairLogProbabilities.zero
            return EvaluatedPair(
              pair: pair, policy: zero,
              value: DPOLoss.Value(
                loss: 0.5, chosenReward: 1, rejectedReward: 1 - margin, gradient: zero, discountedGradient: zero))
          }, gradientNorm: 1
        ).map(\.kind)
      }
    }
    #expect(found(0) == [.lengthBias])
    #expect(found(60).isEmpty)
  }
}
