import Foundation
import Testing

/// Tests say what they need; without it the run reports them as skipped. In continuous integration nothing is skipped for
/// want of the model: `Scripts/fetch-model` has run there.
extension Trait where Self == ConditionTrait {
  /// The real model.
  public static var needsModel: Self {
    .enabled(if: ReferenceFiles.model != nil || isContinuousIntegration, "no model; Scripts/fetch-model fetches it")
  }

  /// The folder with the reference numbers, which is not in the repository.
  public static var needsReference: Self { .enabled(if: ReferenceFiles.shared != nil, "no ../shared") }

  /// Permissions that bind who runs the tests: they do not bind the superuser.
  public static var needsPermissions: Self { .enabled(if: geteuid() != 0, "the superuser may read every file") }

  private static var isContinuousIntegration: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }
}
