import ArgumentParser
import CSTCore
import CSTData
import Foundation

/// What a training run does with its rows, and the folder that it is in.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The run's folder.", valueName: "folder"), completion: .directory)
  var out: String?

  @Flag(help: "Encode everything, time two steps, say what the run would be, and end; nothing is written.")
  var dryRun = false

  @Option(help: "Flip the rows by the policy, or take them as they are.")
  var method = RunSource.Method.cst

  @Option(help: ArgumentHelp("The policy, a JSON file; needed for cst.", valueName: "file"), completion: .file())
  var policy: String?

  @Flag(help: "Weigh each preference by how sure the judge_scores in the rows make it (with --method cst).")
  var softLabels = false

  @Flag(help: "Go on from the checkpoint in --out.")
  var resume = false

  @Flag(help: "Replace the run in --out, which stays until the new one is finished.")
  var overwrite = false

  @Flag(help: "Show where the time went, by kind of work, and write it to profile.json.")
  var profile = false

  func validate() throws {
    if out == nil, !dryRun { throw ValidationError("Missing expected argument '--out <folder>'") }
    if dryRun, resume || overwrite || profile {
      throw ValidationError("--dry-run writes nothing: leave --resume, --overwrite and --profile out")
    }
    if method == .cst, policy == nil {
      throw ValidationError("--method cst needs --policy, the file with the configurations (or give --method dpo)")
    }
    if method != .cst, softLabels {
      throw ValidationError("--soft-labels needs --method cst: judges score answers by the policy's configurations")
    }
    if resume, overwrite { throw ValidationError("--resume and --overwrite exclude each other: give one") }
  }

  var policyFile: URL? { policy.map { URL(filePath: $0) } }

  /// - Throws: ``CommandError`` saying which option helps, `RunFolderError`.
  func folder() throws -> RunFolder {
    do throws(RunFolderError) {
      return try RunFolder(URL(filePath: out ?? ""), opening: resume ? .resuming : overwrite ? .replacing : .fresh)
    } catch {
      switch error.reason {
      case .holdsRun:
        throw CommandError("\(error); give another --out, --resume to go on with it, or --overwrite to replace it")
      case .unfinishedReplacement:
        throw CommandError("\(error); give --out \(error.location.path) --resume to go on with it, or remove it")
      default: throw error
      }
    }
  }

  /// What to train on.
  /// - Throws: ``CommandError`` where the rows give nothing, `PreferenceError`.
  func pairs(of rows: PreferenceDataset, by policy: SafetyPolicy?) throws -> [ConfiguredPair] {
    if softLabels, rows.allSatisfy({ $0.judgeScores == nil }) {
      throw CommandError("\(rows.file.path): no row has \"judge_scores\", which --soft-labels are computed from")
    }
    let pairs =
      if let policy {
        method == .cst
          ? try rows.configured(by: policy, labels: softLabels ? .fromJudge : .hard) : try rows.vanilla(by: policy)
      } else {
        try rows.asWritten()
      }
    guard !pairs.isEmpty else { throw CommandError("\(rows.file.path): no row gives anything to train on") }
    return pairs
  }
}

extension RunSource.Method: ExpressibleByArgument {}
