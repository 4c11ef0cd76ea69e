import CKernels
import Foundation
import TestSupport
import Testing

/// A machine without AVX-512 must not look as if its kernels had been tested.
@Suite struct ExpectedVariantsTests {
  /// Names in `CST_EXPECT_KERNELS`, a comma-separated list.
  private static let expected = (ProcessInfo.processInfo.environment["CST_EXPECT_KERNELS"] ?? "")
    .split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }

  @Test func everyExpectedVariantRuns() throws {
    var ran: [String] = []
    for variant in CKVariant.runnable {
      #expect(variant.kernels.variant == variant)
      let operands = GemmOperands(GemmOracle(m: 3, n: 3, k: 3), variant, initial: .nan)
      operands.multiply(.store)
      operands.expectProduct()
      ran.append(variant.name)
    }
    print("kernels that ran: \(ran.joined(separator: ", "))")
    for name in Self.expected {
      #expect(ran.contains(name), "CST_EXPECT_KERNELS names \(name); this machine ran \(ran.joined(separator: ", "))")
    }
  }

  @Test func bestIsRunnable() {
    #expect(CKVariant.runnable.contains(ck_best()))
    #expect(CKVariant.runnable.contains(.scalar))
  }

  @Test func tablesOfOtherMachinesAreAbsent() {
    for variant in CKVariant.all {
      let bit = ck_runnable_variants() >> UInt32(variant.rawValue) & 1
      #expect((ck_kernels_for(variant) != nil) == (bit == 1))
    }
  }
}
