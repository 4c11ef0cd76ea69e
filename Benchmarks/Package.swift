// swift-tools-version: 6.2
import PackageDescription

// Programs that only measure: users of the libraries never resolve or build them.
let package = Package(
  name: "cst-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "cst", path: "..")],
  targets: [
    .executableTarget(
      name: "reply-chains", dependencies: [.product(name: "CSTCore", package: "cst")], path: "Sources/reply-chains"),
    .executableTarget(
      name: "tokenize-lines", dependencies: [.product(name: "CSTCore", package: "cst")], path: "Sources/tokenize-lines"),
  ]
)
