import Foundation
import Testing

@testable import CSTCore

/// What `init` refuses, decoding refuses too, naming the field; what it allows comes back as it was.
@Suite struct DecodingChecksTests {
  /// Decodes a value with one field changed, and wants an error that names the field.
  private func expectRefusal<Value: Codable>(
    of value: Value, _ field: String, _ wrong: Any, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
    var fields = try #require(object as? [String: Any])
    fields[field] = wrong
    let data = try JSONSerialization.data(withJSONObject: fields)
    let error = #expect(throws: DecodingError.self, sourceLocation: sourceLocation) {
      try JSONDecoder().decode(Value.self, from: data)
    }
    guard case .dataCorrupted(let context)? = error else {
      Issue.record("\(field): \(String(describing: error))", sourceLocation: sourceLocation)
      return
    }
    #expect(context.codingPath.map(\.stringValue) == [field], sourceLocation: sourceLocation)
    #expect(!context.debugDescription.isEmpty, sourceLocation: sourceLocation)
  }

  private func roundTrip<Value: Codable & Equatable>(_ value: Value) throws -> Bool {
    try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value)) == value
  }

  @Test func lossesAreChecked() throws {
    try expectRefusal(of: DPOLoss(), "beta", -1)
    try expectRefusal(of: DPOLoss(), "beta", 0)
    try expectRefusal(of: DPOLoss(), "rpoAlpha", -0.5)
    #expect(try roundTrip(DPOLoss(beta: 0.3, rpoAlpha: 1)))
  }

  @Test func optimizersAreChecked() throws {
    for field in ["learningRate", "weightDecay", "epsilon"] { try expectRefusal(of: AdamW(), field, -1) }
    for field in ["beta1", "beta2"] { try expectRefusal(of: AdamW(), field, 1) }
    var optimizer = AdamW(learningRate: 0.01, weightDecay: 0.1)
    optimizer.beta2 = 0.95
    #expect(try roundTrip(optimizer))
  }

  @Test func schedulesAreChecked() throws {
    for wrong in [-0.1, 1.1] { try expectRefusal(of: LearningRateSchedule(), "warmupRatio", wrong) }
    #expect(try roundTrip(LearningRateSchedule(.cosine, warmupRatio: 1)))
  }

  @Test func plansAreChecked() throws {
    let plan = TrainingPlan(checkpointInterval: 3, activations: .recomputed)
    for field in ["batchSize", "gradientAccumulation", "checkpointInterval"] { try expectRefusal(of: plan, field, 0) }
    try expectRefusal(of: plan, "maximumGradientNorm", -1)
    for length in ["epochs", "steps"] { try expectRefusal(of: plan, "length", [length: ["_0": 0]]) }
    #expect(try roundTrip(plan))
    #expect(try roundTrip(TrainingPlan(length: .steps(7), order: .asGiven, maximumGradientNorm: nil)))
  }

  @Test func samplingIsChecked() throws {
    try expectRefusal(of: Sampling(), "temperature", -1)
    for wrong in [0, 1.5] { try expectRefusal(of: Sampling(), "topP", wrong) }
    #expect(try roundTrip(Sampling(temperature: 0.5, topP: 0.25, seed: .max)))
  }
}
