import Foundation
import Testing

@testable import CSTCore

@Suite struct ScheduleAndPlanTests {
  /// Values of transformers' `get_linear_schedule_with_warmup` and `get_cosine_schedule_with_warmup` for 2 warm-up steps
  /// of 10: k/2 while warming up, then 1 - (k-2)/8 and (1 + cos π(k-2)/8)/2.
  @Test func schedulesEqualTransformers() {
    let linear = LearningRateSchedule(.linear, warmupRatio: 0.2)
    let cosine = LearningRateSchedule(.cosine, warmupRatio: 0.2)
    let constant = LearningRateSchedule(.constant, warmupRatio: 0.2)
    for step in 0..<10 {
      let progress = Double(step - 2) / 8
      #expect(abs(linear.factor(step: step, totalSteps: 10) - (step < 2 ? Double(step) / 2 : 1 - progress)) < 1e-15)
      let half = 0.5 * (1 + cos(.pi * progress))
      #expect(abs(cosine.factor(step: step, totalSteps: 10) - (step < 2 ? Double(step) / 2 : half)) < 1e-15)
      #expect(constant.factor(step: step, totalSteps: 10) == (step < 2 ? Double(step) / 2 : 1))
    }
    #expect(LearningRateSchedule(.linear).factor(step: 0, totalSteps: 4) == 1)
  }

  @Test func everyEpochSeesEveryRowOnce() {
    let plan = TrainingPlan(epochs: 3, batchSize: 2, gradientAccumulation: 2)
    #expect(plan.totalSteps(pairCount: 11) == 9)
    var orders: Set<[Int]> = []
    for epoch in 0..<3 {
      let rows = (0..<3).flatMap { plan.rowsAlone(ofStep: epoch * 3 + $0, pairCount: 11) }
      #expect(rows.sorted() == Array(0..<11))
      orders.insert(rows)
    }
    #expect(orders.count == 3, "epochs have different orders")
  }

  /// Steps asked for one after another, from any step on, get the rows that each gets alone.
  @Test func anEpochThatIsKeptHasTheSameOrder() {
    let plan = TrainingPlan(epochs: 3, batchSize: 2, gradientAccumulation: 2)
    for first in 0..<9 {
      var epoch: (index: Int, rows: [Int])?
      for step in first..<9 {
        #expect(
          plan.rows(ofStep: step, of: Array(0..<11), epoch: &epoch) == plan.rowsAlone(ofStep: step, pairCount: 11))
        #expect(epoch?.index == step / 3)
      }
    }
  }

  @Test func orderIsDecidedBySeedAlone() {
    let one = TrainingPlan(epochs: 1, seed: 7)
    #expect(
      one.rowsAlone(ofStep: 0, pairCount: 100) == TrainingPlan(epochs: 1, seed: 7).rowsAlone(ofStep: 0, pairCount: 100))
    #expect(
      one.rowsAlone(ofStep: 0, pairCount: 100) != TrainingPlan(epochs: 1, seed: 8).rowsAlone(ofStep: 0, pairCount: 100))
    let asGiven = TrainingPlan(epochs: 1, batchSize: 3, order: .asGiven)
    #expect(Array(asGiven.rowsAlone(ofStep: 1, pairCount: 5)) == [3, 4])
  }

  /// The pairs of a row stand side by side, in an order of rows that the seed and the epoch decide.
  @Test func twinsStayTogether() {
    let plan = TrainingPlan(epochs: 2, batchSize: 4, order: .shuffledRows)
    let sources = [0, 0, 1, 2, 2, 3, 3, 4, 4, 5]
    var orders: Set<[Int]> = []
    for first in [0, 3] {
      var epoch: (index: Int, rows: [Int])?
      let rows = (first..<first + 3).flatMap { plan.rows(ofStep: $0, of: sources, epoch: &epoch) }
      #expect(rows.sorted() == Array(sources.indices))
      let found = rows.map { sources[$0] }
      #expect(zip(found, found.dropFirst()).count { $0 != $1 } == 5, "\(found)")
      orders.insert(rows)
    }
    #expect(orders.count == 2)
  }

  @Test func stepsGoOverTheDataAsOftenAsItTakes() {
    let plan = TrainingPlan(length: .steps(5), batchSize: 2, order: .asGiven)
    #expect(plan.totalSteps(pairCount: 4) == 5)
    #expect(Array(plan.rowsAlone(ofStep: 4, pairCount: 4)) == [0, 1])
  }

  /// AdamW against the formulas in Double over several steps with decay, clipping and a schedule.
  @Test func optimizerFollowsTheFormulas() {
    let optimizer = AdamW(learningRate: 0.01, weightDecay: 0.1)
    var parameter = Tensor([0.5, -1, 2], shape: [3])
    var state = AdamW.State(for: parameter)
    var (p, m, v) = ([0.5, -1, 2], [0.0, 0, 0], [0.0, 0, 0])
    for step in 1...5 {
      let gradient = Tensor([Float(step), -0.25, 1e-3], shape: [3])
      parameter = optimizer.update(parameter, gradient: gradient, gradientScale: 0.5, rateFactor: 0.8, state: &state)
      for i in 0..<3 {
        let g = Double(gradient.scalars[i]) * 0.5
        let rate = 0.01 * 0.8
        p[i] *= 1 - rate * 0.1
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.999 * v[i] + 0.001 * g * g
        p[i] -=
          rate * (m[i] / (1 - pow(0.9, Double(step)))) / ((v[i] / (1 - pow(0.999, Double(step)))).squareRoot() + 1e-8)
      }
    }
    // A few float32 roundings per step of numbers near 1.
    for (found, expected) in zip(parameter.scalars, p) { #expect(abs(Double(found) - expected) < 5e-6) }
    #expect(state.step == 5)
  }
}

extension TrainingPlan {
  /// The rows of a step of which nothing was asked for before.
  fileprivate func rowsAlone(ofStep step: Int, pairCount: Int) -> ArraySlice<Int> {
    var epoch: (index: Int, rows: [Int])?
    return rows(ofStep: step, of: Array(0..<pairCount), epoch: &epoch)
  }
}
