// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "cst",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "CSTCore", targets: ["CSTCore"]),
    .library(name: "CSTData", targets: ["CSTData"]),
    .library(name: "CSTReports", targets: ["CSTReports"]),
    .executable(name: "cst", targets: ["cst"]),
    // The kernel table, for Benchmarks/ alone: its fields change from one commit to the next. Use CSTCore.
    .library(name: "CKernels", targets: ["CKernels"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Kernels are useless at -O0 (43 times slower), so debug builds, and with them the tests, compile them at -O3.
    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]
    ),
    .systemLibrary(
      name: "CLAPACK",
      pkgConfig: "lapacke",
      providers: [.apt(["libblas-dev", "liblapacke-dev"])]
    ),
    .target(name: "CSTFormats", dependencies: ["CKernels"]),
    .target(name: "CSTText", dependencies: ["CSTFormats"]),
    .target(name: "CSTCore", dependencies: ["CKernels", "CLAPACK", "CSTFormats", "CSTText"]),
    .target(name: "CSTData", dependencies: ["CSTCore"]),
    .target(name: "CSTReports", dependencies: ["CSTCore", "CSTData"]),
    .executableTarget(
      name: "cst",
      dependencies: [
        "CSTCore", "CSTData", "CSTReports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),
    .target(name: "TestSupport", dependencies: ["CKernels", "CSTCore"], path: "Tests/TestSupport"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "TestSupport"]),
    .testTarget(name: "CSTFormatsTests", dependencies: ["CSTFormats", "CSTCore", "TestSupport"]),
    .testTarget(name: "CSTTextTests", dependencies: ["CSTText", "CSTCore", "TestSupport"]),
    .testTarget(name: "CSTCoreTests", dependencies: ["CSTCore", "CSTData", "CSTReports", "TestSupport"]),
    .testTarget(name: "CSTDataTests", dependencies: ["CSTCore", "CSTData", "CSTReports", "TestSupport"]),
    .testTarget(name: "CSTReportsTests", dependencies: ["CSTReports", "CSTData", "TestSupport"]),
    .testTarget(name: "CLITests", dependencies: ["cst", "CSTCore", "TestSupport"]),
  ],
  cLanguageStandard: .c17
)
