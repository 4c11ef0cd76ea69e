import TestSupport
import Testing

@testable import CSTCore

@Suite("Adapters by linear algebra")
struct LoRAAdapterLinearAlgebraTests {
  static let model = ModelConfiguration(
    architecture: .llama, name: nil, layerCount: 2, width: 24, feedForwardWidth: 40,
    heads: AttentionHeads(queryHeads: 4, keyValueHeads: 2, headWidth: 6), normEpsilon: 1e-5,
    rotary: RotaryConfiguration(base: 10_000, width: 6),
    contextLength: 32, vocabularyCount: 50)

  /// An adapter with random A and B, as after training.
  static func adapter(rank: Int, alpha: Double? = nil, targets: Set<Projection> = Set(Projection.allCases))
    -> LoRAAdapter
  {
    var generator = SplitMix64(seed: 5)
    let fresh = LoRAAdapter(
      for: model, LoRAConfiguration(rank: rank, alpha: alpha, dropout: 0.1, targets: targets), using: &generator)
    return fresh.mapParameters { .random($0.shape, seed: UInt64.random(in: 0..<(.max), using: &generator)) }
  }

  static func update(_ adapter: LoRAAdapter, _ layer: Int, _ target: Projection) throws -> MatrixOracle {
    let factors = try #require(adapter.factors(layer: layer, target))
    return adapter.configuration.scale
      * (LinearAlgebraTests.matrix(factors.b) * LinearAlgebraTests.matrix(factors.a))
  }

  @Test("The same rank: the same update", arguments: [1, 3, 8])
  func exact(rank: Int) throws {
    let adapter = Self.adapter(rank: rank, alpha: 5)
    let compressed = try adapter.compressed(toRank: rank)
    #expect(compressed.configuration == adapter.configuration)
    for (layer, target) in [(0, Projection.query), (1, .down), (1, .key)] {
      let expected = try Self.update(adapter, layer, target)
      let found = try Self.update(compressed, layer, target)
      #expect((found + -1 * expected).norm <= 64 * 40 * 0x1p-24 * expected.norm)
    }
  }

  @Test("A lower rank is exact where the update has no higher one")
  func deficient() throws {
    let adapter = Self.adapter(rank: 2, alpha: 4)
    // The same update with rank 6, scale 2 in both, four directions of it empty or repeated.
    let wide = LoRAAdapter(
      configuration: LoRAConfiguration(rank: 6, alpha: 12).restricted(to: Self.model), layerCount: 2,
      factors: (0..<2).flatMap { layer in
        Self.model.projections.compactMap { adapter.factors(layer: layer, $0) }.map { factors in
          LoRAFactors(
            a: factors.a.rows(at: [0, 1, 0, 1, 0, 1]),
            b: (factors.b * (1 / 3)).transposed().rows(at: [0, 1, 0, 1, 0, 1]).transposed())
        }
      })
    let compressed = try wide.compressed(toRank: 2)
    #expect(compressed.configuration.rank == 2)
    #expect(compressed.configuration.alpha == 4)
    #expect(compressed.fits(Self.model))
    let (expected, found) = (try Self.update(adapter, 1, .gate), try Self.update(compressed, 1, .gate))
    #expect((found + -1 * expected).norm <= 64 * 40 * 0x1p-24 * expected.norm)
  }

  /// The error of the best approximation of rank k is the norm of the singular values left out.
  @Test("Eckart and Young's error, neither more nor less", arguments: [1, 2, 5])
  func best(rank: Int) throws {
    let adapter = Self.adapter(rank: 6)
    let compressed = try adapter.compressed(toRank: rank)
    #expect(compressed.configuration.scale == adapter.configuration.scale)
    #expect(compressed.configuration.dropout == adapter.configuration.dropout)
    for (layer, target) in [(0, Projection.value), (1, .up)] {
      let full = try Self.update(adapter, layer, target)
      let singular = try Tensor(full.values.map { Float($0) }, shape: [full.rows, full.columns])
        .singularValueDecomposition().singularValues.doubles
      let tail = singular.dropFirst(rank).reduce(0) { $0 + $1 * $1 }.squareRoot()
      let error = (full + -1 * (try Self.update(compressed, layer, target))).norm
      #expect(abs(error - tail) <= 64 * 40 * 0x1p-24 * full.norm)
    }
  }

  @Test("The new A has orthonormal rows")
  func orthonormal() throws {
    let compressed = try Self.adapter(rank: 6).compressed(toRank: 4)
    let a = try #require(compressed.factors(layer: 0, .down)?.a)
    LinearAlgebraTests.expectOrthonormalColumns(LinearAlgebraTests.matrix(a).transposed, 64 * 40 * 0x1p-24)
  }

  @Test("A rank above a matrix's own sizes is padded with zeros")
  func padded() throws {
    let adapter = Self.adapter(rank: 20, targets: [.key])  // keys have 12 outputs
    let compressed = try adapter.compressed(toRank: 15)
    #expect(compressed.fits(Self.model))
    let (expected, found) = (try Self.update(adapter, 0, .key), try Self.update(compressed, 0, .key))
    #expect((found + -1 * expected).norm <= 64 * 40 * 0x1p-24 * expected.norm)
  }

  @Test("An untrained adapter stays without effect and can still be trained")
  func untrained() throws {
    var generator = SplitMix64(seed: 5)
    let fresh = LoRAAdapter(for: Self.model, LoRAConfiguration(rank: 4), using: &generator)
    let factors = try #require(try fresh.compressed(toRank: 2).factors(layer: 0, .query))
    #expect(factors.b.scalars.allSatisfy { $0 == 0 })
    #expect(factors.a.scalars.contains { $0 != 0 })
  }

  @Test("A factor that is not finite is refused")
  func notFinite() {
    let broken = Self.adapter(rank: 2).mapParameters { Tensor(repeating: .nan, shape: $0.shape) }
    let error = #expect(throws: LinearAlgebraError.self) { try broken.compressed(toRank: 1) }
    #expect(error?.reason == .notFinite)
  }

  // MARK: Initialisation

  static func fresh(rank: Int, _ initialization: LoRAInitialization, seed: UInt64 = 1) -> LoRAAdapter {
    var generator = SplitMix64(seed: seed)
    return LoRAAdapter(
      for: model, LoRAConfiguration(rank: rank, initialization: initialization), using: &generator)
  }

  @Test("Fresh factors have no effect", arguments: [LoRAInitialization.kaimingUniform, .orthogonal])
  func noEffect(initialization: LoRAInitialization) {
    let adapter = Self.fresh(rank: 4, initialization)
    #expect(adapter.fits(Self.model))
    for target in Self.model.projections {
      #expect(adapter.factors(layer: 1, target)?.b.scalars.allSatisfy { $0 == 0 } == true)
      #expect(adapter.factors(layer: 1, target)?.a.scalars.contains { $0 != 0 } == true)
    }
  }

  @Test("Kaiming's bound")
  func kaiming() throws {
    let a = try #require(Self.fresh(rank: 8, .kaimingUniform).factors(layer: 0, .down)?.a)
    let bound = 1 / Float(40).squareRoot()
    #expect(a.scalars.allSatisfy { abs($0) <= bound })
    #expect(a.scalars.contains { abs($0) > 0.9 * bound })
  }

  /// Rows of squared length 1/3, as Kaiming's have on average.
  @Test("Orthogonal rows", arguments: [1, 4, 24])
  func orthogonal(rank: Int) throws {
    let a = try #require(Self.fresh(rank: rank, .orthogonal).factors(layer: 0, .query)?.a)
    #expect(a.shape == [rank, 24])
    let scaled = 3.squareRoot() * LinearAlgebraTests.matrix(a).transposed
    LinearAlgebraTests.expectOrthonormalColumns(scaled, 16 * 24 * 0x1p-24)
  }

  @Test("More rows than inputs: orthogonal columns of the same total size")
  func orthogonalColumns() throws {
    let a = try #require(Self.fresh(rank: 30, .orthogonal).factors(layer: 0, .query)?.a)
    let scaled = (3 * 24.0 / 30).squareRoot() * LinearAlgebraTests.matrix(a)
    LinearAlgebraTests.expectOrthonormalColumns(scaled, 16 * 30 * 0x1p-24)
  }

  @Test("The generator decides", arguments: [LoRAInitialization.kaimingUniform, .orthogonal])
  func seeded(initialization: LoRAInitialization) {
    let adapters = [1, 1, 2].map { Self.fresh(rank: 4, initialization, seed: $0) }
    #expect(adapters[0].parameters.map(\.scalars) == adapters[1].parameters.map(\.scalars))
    #expect(adapters[0].parameters.map(\.scalars) != adapters[2].parameters.map(\.scalars))
    #expect(adapters[0].factors(layer: 0, .query)?.a.scalars != adapters[0].factors(layer: 1, .query)?.a.scalars)
  }
}
