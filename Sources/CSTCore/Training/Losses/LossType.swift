import Foundation

/// A preference loss, by TRL's `loss_type` where it has it; its formula stands in `PairTerms.loss(_:)`.
///
/// Notation: log π(y) is the sum over the tokens of y, Δ(y) = log πθ(y|x,s) − log πref(y|x,s), w the chosen and l the rejected
/// answer, |y| the tokens of y, ε the label smoothing.
@nonexhaustive
public enum LossType: String, Sendable, Hashable, Codable, CaseIterable {
  /// −log σ(β(Δw − Δl)): DPO (Rafailov et al., arXiv 2305.18290, equation 7); with ε conservative DPO (Mitchell 2023), with a
  /// margin of the row offset DPO (Amini et al., arXiv 2402.10571).
  case sigmoid
  /// max(0, 1 − β(Δw − Δl)): SLiC's hinge on DPO's margin (Zhao et al., arXiv 2305.10425).
  case hinge
  /// (Δw/|w| − Δl/|l| − 1/(2β))²: IPO (Azar et al., arXiv 2310.12036, equation 17), on means per token as in TRL.
  case ipo
  /// KL((σ(βδ), σ(−βδ)) ‖ (1−ε, ε)), δ = Δw − Δl: EXO for pairs (Ji et al., arXiv 2402.00856, equation 16); needs ε > 0.
  case exoPair = "exo_pair"
  /// −log σ(βΔw) − ½ log σ(−βΔw) − ½ log σ(−βΔl): NCA (Chen et al., arXiv 2402.05369).
  case ncaPair = "nca_pair"
  /// [−(1−ε) log σ(βδ) + ε log σ(−βδ)] / (1−2ε): robust DPO (Chowdhury et al., arXiv 2403.00409, equation 10).
  case robust
  /// −log σ(βΔw) − log σ(−βΔl): BCO without its running mean, as TRL pairs it (Jung et al., arXiv 2404.04656).
  case bcoPair = "bco_pair"
  /// (Δw − 1/(2β))² + (Δl + 1/(2β))²: SPPO with hard labels (Wu et al., arXiv 2405.00675).
  case sppoHard = "sppo_hard"
  /// Distributional alignment of log πθ(w) − log πθ(l) over the batch with the reference's: AOT, paired (Melnyk et al., arXiv
  /// 2406.05882).
  case aot
  /// Distributional alignment of Δw over the batch with Δl: AOT, unpaired.
  case aotUnpaired = "aot_unpaired"
  /// 1 − σ(βΔw) + σ(βΔl): APO-zero (D'Oosterlinck et al., arXiv 2408.06266).
  case apoZero = "apo_zero"
  /// σ(βΔw) + 1 − σ(β(Δw − Δl)): APO-down.
  case apoDown = "apo_down"
  /// (1−m)(−log σ(z)) + m e^−z, z = βδ, m = σ(z/τ): DiscoPOP (Lu et al., arXiv 2406.08414).
  case discopop
  /// −log σ(β(Δw/|w| − Δl/|l|)): DPO on means per token.
  case sigmoidNorm = "sigmoid_norm"
  /// −log πθ(w) per token, over all tokens of the batch: supervised fine-tuning on the chosen answers.
  case sft
  /// −log σ(β(δ − λ max(0, log πref(w) − log πθ(w)))): DPO-Positive (Pal et al., arXiv 2402.13228, equation 3).
  case dpop
  /// −log σ(δ) + ½[(Δw − 1/(2β))² + (Δl + 1/(2β))²]: Cal-DPO (Xiao et al., arXiv 2412.14516).
  case calDPO = "cal_dpo"
  /// −log σ(β'δ), β' = max(10⁻³, β(1 + a(mean δ − M))), M the moving mean of the batches' mean δ: β-DPO (Wu et al., arXiv
  /// 2407.08639).
  case betaDPO = "beta_dpo"
  /// −log σ(β(log πθ(w) − log πθ(l))): CPO (Xu et al., arXiv 2401.08417), without a reference; with
  /// ``sft`` beside it in TRL's form.
  case cpo
  /// −log σ(β(log πθ(w)/|w| − log πθ(l)/|l|) − γ): SimPO (Meng et al., arXiv 2405.14734), without a reference.
  case simpo
  /// −log πθ(w)/|w| − β log σ(logit πθ(w) − logit πθ(l)), probabilities per token: ORPO (Hong et al., arXiv 2403.07691),
  /// without a reference. The likelihood is the answer's; TRL's takes the prompt's tokens in as well.
  case orpo

  /// Whether it compares with the reference model.
  var needsReference: Bool {
    switch self {
    case .cpo, .simpo, .orpo, .sft: false
    default: true
    }
  }

  /// Whether it is a function of probabilities that a preference is right: of ε and of rows with soft labels.
  var hasLabelSmoothing: Bool {
    switch self {
    case .sigmoid, .exoPair, .robust, .aot, .aotUnpaired, .cpo, .simpo: true
    default: false
    }
  }

  /// Whether a row's own probability that its preference is right has a meaning in it.
  var takesSoftLabels: Bool { self == .sigmoid || self == .sft }

  /// Whether it is a function of δ, so that another divergence than the reverse KL can stand behind it.
  var takesDivergences: Bool {
    switch self {
    case .sigmoid, .sigmoidNorm, .hinge, .ipo, .exoPair, .robust, .discopop, .sft: true
    default: false
    }
  }

  /// Whether a row's margin has a meaning in it.
  var takesMargins: Bool { self == .sigmoid }

  /// Whether it divides by the lengths of the answers, so that tokens cannot count differently.
  var isPerToken: Bool { self == .simpo || self == .orpo }
}

/// The f-divergence that holds the policy to the reference (Wang et al., arXiv 2309.16240): the score s(Δ) that takes the
/// place of Δ. TRL's `f_divergence_type`.
@nonexhaustive
public enum Divergence: Sendable, Hashable, Codable {
  /// s = Δ, DPO's own.
  case reverseKL
  /// s = 1 − e^−Δ.
  case forwardKL
  /// s = log 2 + log σ(Δ): Jensen–Shannon.
  case jensenShannon
  /// s = (e^((α−1)Δ) − 1) / (α − 1); Δ where α is 1. The exponent is held to at most 80, as in TRL.
  case alpha(Double)

  /// s(Δ).
  func score(_ ratio: Dual) -> Dual {
    switch self {
    case .reverseKL: ratio
    case .forwardKL: 1 - exp(-ratio)
    case .jensenShannon: logSigmoid(ratio) + log(2)
    case .alpha(let alpha) where abs(alpha - 1) < 1e-6: ratio
    case .alpha(let alpha):
      if (alpha - 1) * ratio.value < 80 {
        (exp((alpha - 1) * ratio) - 1) / (alpha - 1)
      } else {
        Dual(value: (Foundation.exp(80) - 1) / (alpha - 1))
      }
    }
  }
}
