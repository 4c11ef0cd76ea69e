import Foundation
import Testing

@Suite struct UsageTests {
  @Test(arguments: [
    ([], "SUBCOMMANDS"), (["--help"], "SUBCOMMANDS"), (["train", "--help"], "--gradient-accumulation"),
    (["help", "score"], "--max-length"), (["--version"], "."),
  ])
  func helpIsAResult(arguments: [String], part: String) throws {
    let outcome = try CommandLineTool.run(arguments)
    #expect(outcome.code == 0)
    #expect(outcome.output.contains(part))
    #expect(outcome.notes.isEmpty)
  }

  @Test(arguments: [
    "info", "tokenize", "render", "score", "train", "generate", "eval", "synth", "data check", "data convert",
    "data dedupe", "data split",
    "data augment",
  ])
  func everyCommandHasAnExampleAndTheCommonOptions(name: String) throws {
    let help = try CommandLineTool.run(name.split(separator: " ").map(String.init) + ["--help"]).output
    #expect(help.contains("Example: "))
    #expect(help.contains("--json") && help.contains("--threads"))
  }

  private static let train = ["train", "--model", "m", "--data", "d", "--out", "o", "--method", "dpo"]
  private static let generate = ["generate", "--model", "m", "--prompt", "p"]

  @Test(arguments: [
    (["bogus"], "bogus"),
    (["train"], "--model"),
    (train + ["--learning-rat", "1"], "Did you mean '--learning-rate'?"),
    (train + ["--beta", "-1"], "--beta must be a number above 0, not -1"),
    (train + ["--beta", "0"], "--beta"), (train + ["--rpo-alpha", "-1"], "--rpo-alpha"),
    (train + ["--loss-type", "nope"], "\"nope\" is not one of sigmoid"),
    (train + ["--loss-type", "hinge", "--label-smoothing", "0.1"], "--label-smoothing: hinge has no label smoothing"),
    (train + ["--loss-type", "simpo", "--ld-alpha", "0.5"], "--ld-alpha: simpo"),
    (train + ["--simpo-gamma", "1"], "--simpo-gamma is of the loss simpo"),
    (train + ["--loss-type", "sigmoid,sft", "--loss-weights", "1"], "--loss-weights: 2 losses"),
    (train + ["--loss-type", "bco_pair", "--f-divergence-type", "forward_kl"], "--f-divergence-type: bco_pair"),
    (train + ["--f-divergence-type", "kl"], "--f-divergence-type: \"kl\""),
    (train + ["--f-alpha-divergence-coef", "2"], "--f-alpha-divergence-coef is of"),
    (train + ["--loss-type", "aot", "--use-weighting"], "--use-weighting: aot"),
    (train + ["--beta", "nan"], "--beta"), (train + ["--beta", "x"], "--beta"),
    (train + ["--lora-rank", "0"], "--lora-rank must be a whole number from 1 to 4096, not 0"),
    (train + ["--lora-rank", "4097"], "--lora-rank"), (train + ["--lora-alpha", "0"], "--lora-alpha"),
    (train + ["--lora-dropout", "1"], "--lora-dropout"), (train + ["--lora-dropout", "-0.1"], "--lora-dropout"),
    (train + ["--lora-targets", "q_proj,nope"], "nope"), (train + ["--lora-targets", ""], "--lora-targets"),
    (train + ["--lora-rank", "4", "--init-adapter", "a"], "--init-adapter"),
    (train + ["--learning-rate", "-1e-4"], "--learning-rate"), (train + ["--learning-rate", "inf"], "--learning-rate"),
    (train + ["--schedule", "step"], "linear"), (train + ["--warmup-ratio", "1.5"], "--warmup-ratio"),
    (train + ["--weight-decay", "-1"], "--weight-decay"), (train + ["--max-grad-norm", "-1"], "--max-grad-norm"),
    (train + ["--batch-size", "0"], "--batch-size"), (train + ["--gradient-accumulation", "0"], "--gradient-acc"),
    (train + ["--epochs", "0"], "--epochs"), (train + ["--steps", "-5"], "--steps"), (train + ["--steps"], "--steps"),
    (train + ["--epochs", "1", "--steps", "1"], "exclude"), (train + ["--max-length", "1"], "--max-length"),
    (train + ["--seed", "-1"], "--seed"), (train + ["--precision", "f16"], "bf16"),
    (train + ["--rows", "7-3"], "--rows"), (train + ["--checkpoint-every", "0"], "--checkpoint-every"),
    (train + ["--resume", "--overwrite"], "exclude"), (train + ["--threads", "0"], "--threads"),
    (train + ["--method", "cst"], "--policy"), (train + ["--method", "sft"], "dpo"),
    (generate + ["--temperature", "-1"], "--temperature"), (generate + ["--top-p", "0"], "--top-p"),
    (generate + ["--top-p", "1.1"], "--top-p"), (generate + ["--max-tokens", "0"], "--max-tokens"),
    (generate + ["--policy", "p", "--system", "s"], "exclude"), (generate + ["--configuration", "c"], "--policy"),
    (["score", "--model", "m", "--data", "d", "--max-length", "0"], "--max-length"),
    (["tokenize", "--model", "m", "--as", "user"], "content"), (["info", "m", "--lora-rank", "0"], "--lora-rank"),
  ])
  func wrongUsageIsOneLineAndCode64(arguments: [String], part: String) throws {
    let outcome = try CommandLineTool.run(arguments)
    #expect(outcome.code == 64)
    #expect(outcome.output.isEmpty)
    #expect(outcome.notes.hasPrefix("error: ") && outcome.notes.split(separator: "\n").count == 1)
    #expect(outcome.notes.contains(part), "\(outcome.notes)")
  }
}
