import Foundation
import TestSupport
import Testing

@testable import CSTCore

/// Every architecture against transformers and peft, from the files that they wrote.
///
/// Tolerances: logits are sums of a few hundred float32 products of size one, whose order differs between the two
/// programs, through two layers; 1e-4 is what the project promises. Gradients likewise, relative to the largest of their
/// tensor.
@Suite struct ArchitectureTests {
  @Test(arguments: ModelFixture.names) func logits(name: String) throws {
    let fixture = try ModelFixture(name)
    let reference = fixture.reference
    let transformer = try fixture.transformer()
    let tokens = reference.prompt + reference.chosen
    let logits = transformer.logits(tokens)
    let rows = Array(stride(from: 3, to: tokens.count, by: 4))
    let difference = logits.rows(at: rows).largestDifference(to: try fixture.tensors.floats(named: "logits"))
    #expect(difference < 1e-4)
    let adapter = try fixture.adapter(for: transformer)
    let adapted = transformer.logits(tokens, adaptation: .init(adapter: adapter)).rows(at: [tokens.count - 1])
    #expect(adapted.largestDifference(to: try fixture.tensors.floats(named: "adapted_logits")) < 1e-4)
  }

  @Test(arguments: ModelFixture.names) func gradients(name: String) throws {
    let fixture = try ModelFixture(name)
    let reference = fixture.reference
    let transformer = try fixture.transformer()
    let adapter = try fixture.adapter(for: transformer)
    let batch = CompletionBatch(
      [CompletionGroup(prompt: reference.prompt, completions: [reference.chosen, reference.rejected])],
      switchLength: transformer.rotary.switchLength)
    let (logProbabilities, pullback) = valueWithPullback(at: adapter) {
      transformer.tokenLogProbabilities(of: batch, adaptation: .init(adapter: $0), precision: .f32)
    }
    let sums = CompletionScores.sums(of: logProbabilities, over: batch.completionRanges)[0]
    for (sum, expected) in zip(sums, reference.log_probabilities) { #expect(abs(sum - expected) < 1e-3) }
    var cotangent = [Float](repeating: 0, count: logProbabilities.count)
    for (range, weight) in zip(batch.completionRanges[0], [0.7, -1.3] as [Float]) {
      for index in range { cotangent[index] = weight }
    }
    let gradient = pullback(Tensor(cotangent, shape: logProbabilities.shape))
    #expect(gradient.namedParameters.count == fixture.tensors.tensors.count - 2)
    for (parameter, tensor) in gradient.namedParameters {
      let expected = try fixture.tensors.floats(named: parameter)
      let largest = expected.reduce(0) { max($0, abs($1)) }
      #expect(largest > 1e-3)
      #expect(tensor.largestDifference(to: expected) < 1e-3 * largest, "\(parameter)")
    }
  }

  @Test(arguments: ModelFixture.names) func greedyDecoding(name: String) throws {
    let fixture = try ModelFixture(name)
    let transformer = try fixture.transformer()
    let (prompt, expected) = (fixture.reference.prompt, fixture.reference.greedy)
    #expect(expected.count == 64)
    #expect(transformer.greedy(after: prompt, count: 64) == expected)
    #expect(transformer.greedyByRecomputation(after: prompt, count: 64) == expected)
  }

  /// What a token sees of its sequence does not depend on what shares the batch, nor on sharing the prompt.
  @Test(arguments: ModelFixture.names) func scoresDoNotDependOnTheBatch(name: String) throws {
    let fixture = try ModelFixture(name)
    let transformer = try fixture.transformer()
    let (prompt, chosen, rejected) = (fixture.reference.prompt, fixture.reference.chosen, fixture.reference.rejected)
    func scores(_ groups: [CompletionGroup]) -> [Double] {
      CompletionScores(groups, transformer: transformer, adaptation: nil, precision: .f32).sums.flatMap { $0 }
    }
    let together = scores([
      CompletionGroup(prompt: prompt, completions: [chosen, rejected]),
      CompletionGroup(prompt: rejected, completions: [prompt]),
    ])
    #expect(scores([CompletionGroup(prompt: prompt, completions: [rejected, chosen])]) == [together[1], together[0]])
    #expect(scores([CompletionGroup(prompt: prompt, completions: [chosen])]) == [together[0]])
    #expect(scores([CompletionGroup(prompt: rejected, completions: [prompt])]) == [together[2]])
  }

  /// Biases, norms and fused matrices are all in the list of weights, under names that are in the file.
  @Test(arguments: ModelFixture.names) func weightsHaveTheFilesNames(name: String) throws {
    let fixture = try ModelFixture(name)
    let transformer = try fixture.transformer()
    let shards = try SafetensorsShards(of: ModelFolder(fixture.folder))
    #expect(Set(transformer.weights.map(\.role.huggingFaceName)) == Set(shards.tensorNames))
    for weight in transformer.weights {
      #expect(shards.tensorIfPresent(named: weight.role.huggingFaceName)?.tensor.shape == weight.shape)
    }
  }
}
