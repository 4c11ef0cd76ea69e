import Benchmark
import CSTCore
import Measures

// The same works under ordo-one/benchmark, for its baselines and comparisons between commits. Rates are whole numbers
// there, so they are given in thousandths. With peers beside them: Benchmarks/bench.
let benchmarks: @Sendable () -> Void = {
  let rate = BenchmarkMetric.custom("thousandths of the unit a second", polarity: .prefersLarger)
  let share = BenchmarkMetric.custom("share of peak, per mille", polarity: .prefersLarger)
  for measure in Measure.all(threads: ComputePool.shared.threadCount, model: nil) {
    Benchmark(
      "\(measure.work.section): \(measure.work.name) (\(measure.work.unit.rawValue))",
      configuration: .init(
        metrics: [rate, share, .peakMemoryResident], warmupIterations: 0, maxDuration: .seconds(3), maxIterations: 5)
    ) { benchmark in
      let ready = try await ReadyMeasure(measure, peak: MachinePeak())
      for _ in benchmark.scaledIterations {
        let sample = try await ready.sample(seconds: 0.3)
        benchmark.measurement(rate, Int(1000 * sample.rate))
        benchmark.measurement(share, Int(1000 * sample.share))
      }
    }
  }
}
