// swift-tools-version: 6.2
import PackageDescription

// Programs that only measure: users of the libraries never resolve or build them.
let core = Target.Dependency.product(name: "CSTCore", package: "cst")
let data = Target.Dependency.product(name: "CSTData", package: "cst")
let kernels = Target.Dependency.product(name: "CKernels", package: "cst")

// Measures hold pointers and stay where they are made.
let settings: [SwiftSetting] = [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

let package = Package(
  name: "cst-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "cst", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    // What the machine can do at most: a loop of fused multiply-adds, one of bf16 products, a read of memory.
    .target(name: "CPeaks", path: "Sources/CPeaks"),
    // What is measured, with the check of each result; the two programs below only run it.
    .target(
      name: "Measures", dependencies: [core, data, kernels, "CPeaks"], path: "Sources/Measures",
      swiftSettings: settings),
    .executableTarget(
      name: "measure", dependencies: [core, "Measures"], path: "Sources/measure", swiftSettings: settings),
    .executableTarget(
      name: "CSTBenchmarks", dependencies: ["Measures", .product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/CSTBenchmarks", swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    .executableTarget(name: "reply-chains", dependencies: [core], path: "Sources/reply-chains"),
    .executableTarget(name: "tokenize-lines", dependencies: [core], path: "Sources/tokenize-lines"),
  ],
  cLanguageStandard: .c17
)
