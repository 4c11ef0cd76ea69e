import Foundation
import Testing

@testable import CSTCore

@Suite struct MetricsLogTests {
  @Test func keepsTheRowsUpToTheCheckpoint() {
    let log = Data(#"{"step":1}"#.utf8) + Data("\n{\"step\":2}\n{\"step\":3}\n{\"st".utf8)
    #expect(MetricsLog.rows(of: log, upToStep: 2) == Data("{\"step\":1}\n{\"step\":2}\n".utf8))
    #expect(MetricsLog.rows(of: log, upToStep: 9) == Data("{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n".utf8))
    #expect(MetricsLog.rows(of: log, upToStep: 0).isEmpty)
  }
}
