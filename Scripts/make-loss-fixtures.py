#!/usr/bin/env python3
"""Writes Tests/Fixtures/losses.json: what TRL's own code makes of random log-probabilities under every preference loss.

    python Scripts/make-loss-fixtures.py

Needs torch 2.13.0, trl 1.16.0 and peft 0.21.2. `DPOTrainer._compute_loss`, `CPOTrainer.cpo_loss` and `ORPOTrainer.odds_ratio_loss`
run on models that give out prescribed log-probabilities a token (in float64), so nothing of TRL's formulas is written again
here; PyTorch differentiates. A case has the settings, the batch's loss and the gradient with respect to every token's
log-probability under the policy; CPO and ORPO are given sums or means as TRL forms them.
"""

import contextlib
import json
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import torch
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer
from trl.trainer import dpo_trainer
from trl.trainer.dpo_trainer import DPOTrainer

LENGTHS = [(5, 9), (7, 3), (4, 4), (1, 6)]  # tokens of chosen and rejected answers
PROMPT = 2


class Model(torch.nn.Module):
    """Gives out log-probabilities, `[2 * pairs, positions]`."""

    def __init__(self, log_probs, squares):
        super().__init__()
        self.log_probs, self.squares, self.config = log_probs, squares, SimpleNamespace()

    def forward(self, **_):
        zeros = torch.zeros_like(self.log_probs)
        return SimpleNamespace(
            log_probs=self.log_probs, log_sum_sq_probs=self.squares, entropy=zeros, mean_logits=zeros,
            is_top1=zeros.bool())


def batch(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    width = PROMPT + max(max(pair) for pair in LENGTHS)
    mask = torch.zeros(2 * len(LENGTHS), width, dtype=torch.long)
    for row, (chosen, rejected) in enumerate(LENGTHS):
        mask[row, PROMPT : PROMPT + chosen] = 1
        mask[row + len(LENGTHS), PROMPT : PROMPT + rejected] = 1

    def random(low, high):
        numbers = torch.rand(mask.shape[0], width - 1, generator=generator, dtype=torch.float64) * (high - low) + low
        return torch.round(numbers, decimals=4) * mask[:, 1:]

    return mask, random(-scale, -0.05), random(-scale, -0.05), random(-3, -0.2)


def trl_loss(settings, mask, policy, reference, squares):
    trainer = DPOTrainer.__new__(DPOTrainer)
    trainer.model, trainer.ref_model = Model(policy, squares), Model(reference, squares)
    trainer.accelerator = mock.MagicMock()
    trainer.accelerator.device = torch.device("cpu")
    trainer.accelerator.gather = trainer.accelerator.gather_for_metrics = lambda x: x
    trainer.aux_loss_enabled, trainer.precompute_ref_logps = False, False
    trainer._metrics, trainer._total_train_tokens, trainer._tp_size = mock.MagicMock(), 0, 1
    trainer.args = SimpleNamespace(gradient_checkpointing_kwargs=None, discopop_tau=settings.get("discopop_tau", 0.05))
    trainer.beta = settings["beta"]
    trainer.loss_types, trainer.loss_weights = settings["types"], settings.get("weights", [1.0] * len(settings["types"]))
    trainer.label_smoothing = settings.get("label_smoothing", 0.0)
    trainer.f_divergence_type = settings.get("f_divergence_type", "reverse_kl")
    trainer.f_alpha_divergence_coef = settings.get("f_alpha_divergence_coef", 0.5)
    trainer.ld_alpha, trainer.use_weighting = settings.get("ld_alpha"), settings.get("use_weighting", False)
    inputs = {"input_ids": torch.zeros_like(mask), "attention_mask": torch.ones_like(mask), "completion_mask": mask}
    with mock.patch.object(
        dpo_trainer, "disable_gradient_checkpointing", lambda *_: contextlib.nullcontext()
    ):
        return trainer._compute_loss(trainer.model, inputs, return_outputs=False)


def unreferenced_loss(settings, mask, policy):
    sums, lengths = policy.sum(1), mask.sum(1)
    kind = settings["types"][0]
    if kind == "orpo":
        trainer = ORPOTrainer.__new__(ORPOTrainer)
        trainer.beta, trainer.accelerator = settings["beta"], SimpleNamespace(device="cpu")
        chosen, rejected = (sums / lengths).chunk(2)
        # `.float()` inside: the fixture's tolerance is that of float32.
        losses, *_ = trainer.odds_ratio_loss(chosen, rejected)
        return (-chosen - losses).mean()
    trainer = CPOTrainer.__new__(CPOTrainer)
    trainer.beta, trainer.accelerator = settings["beta"], SimpleNamespace(device="cpu")
    trainer.loss_type = "simpo" if kind == "simpo" else "sigmoid"
    trainer.alpha, trainer.simpo_gamma = 0.0, settings.get("simpo_gamma", 0.5)
    trainer.label_smoothing = settings.get("label_smoothing", 0.0)
    chosen, rejected = (sums / lengths if kind == "simpo" else sums).chunk(2)
    loss = trainer.cpo_loss(chosen, rejected)[0].mean()
    if settings["types"][1:] == ["sft"]:
        chosen_tokens = policy[: len(LENGTHS)].sum() / mask[: len(LENGTHS)].sum()
        loss = loss - settings["weights"][1] * chosen_tokens
    return loss


def cases():
    plain = ["sigmoid", "hinge", "ipo", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired", "apo_zero",
             "apo_down", "discopop", "sigmoid_norm", "sft"]
    for name in plain:
        for beta in (0.1, 0.5):
            yield {"types": [name], "beta": beta}
    for name in ("robust", "aot", "aot_unpaired", "exo_pair"):
        yield {"types": [name], "beta": 0.3, "label_smoothing": 0.1}
    yield {"types": ["exo_pair"], "beta": 0.1, "label_smoothing": 0.001}
    for name in ("sigmoid", "sigmoid_norm", "hinge", "ipo", "exo_pair", "robust", "discopop", "sft"):
        smoothing = {"label_smoothing": 0.05} if name in ("exo_pair", "robust") else {}
        yield {"types": [name], "beta": 0.2, "f_divergence_type": "forward_kl", **smoothing}
        yield {"types": [name], "beta": 0.2, "f_divergence_type": "js_divergence", **smoothing}
        for coefficient in (0.5, 1.0, 2.0):
            yield {"types": [name], "beta": 0.2, "f_divergence_type": "alpha_divergence",
                   "f_alpha_divergence_coef": coefficient, **smoothing}
    for name in plain:
        yield {"types": [name], "beta": 0.2, "ld_alpha": 0.3}
        if not name.startswith("aot"):
            yield {"types": [name], "beta": 0.2, "use_weighting": True}
    yield {"types": ["discopop"], "beta": 0.2, "discopop_tau": 0.5}
    yield {"types": ["sigmoid", "bco_pair", "sft"], "weights": [0.8, 0.2, 1.0], "beta": 0.1}
    yield {"types": ["sigmoid", "sft"], "weights": [1.0, 0.5], "beta": 0.1, "use_weighting": True, "ld_alpha": 0.5}
    for smoothing in (0.0, 0.1):
        yield {"types": ["cpo"], "beta": 0.1, "label_smoothing": smoothing}
        yield {"types": ["simpo"], "beta": 2.0, "simpo_gamma": 0.5, "label_smoothing": smoothing}
    yield {"types": ["cpo", "sft"], "weights": [1.0, 1.0], "beta": 0.1}
    yield {"types": ["orpo"], "beta": 0.1}


def main():
    batches, results = [], []
    for seed, scale in ((1, 1.0), (2, 4.0)):
        mask, policy, reference, squares = batch(seed, scale)

        def rows(numbers):
            return [numbers[row][mask[row, 1:] == 1].tolist() for row in range(len(mask))]

        batches.append({"policy": rows(policy), "reference": rows(reference), "log_squares": rows(squares)})
        for settings in cases():
            # TRL's α-divergence knows no float64.
            kind = torch.float32 if settings.get("f_divergence_type") == "alpha_divergence" else torch.float64
            leaf = policy.to(kind).requires_grad_()
            unreferenced = settings["types"][0] in ("cpo", "simpo", "orpo")
            try:
                loss = unreferenced_loss(settings, mask, leaf) if unreferenced else trl_loss(
                    settings, mask, leaf, reference.to(kind), squares.to(kind))
                (gradient,) = torch.autograd.grad(loss, leaf)
            except RuntimeError as problem:
                # TRL multiplies by WPO's weights in place, which PyTorch cannot differentiate for hinge and sft.
                print(f"left out: {settings}: {str(problem).splitlines()[0][:90]}")
                continue
            results.append({"batch": seed - 1, "settings": settings, "loss": loss.item(), "gradient": rows(gradient)})
    path = Path(__file__).parent.parent / "Tests/Fixtures/losses.json"
    lines = ",\n".join(json.dumps(result) for result in results)
    path.write_text('{"batches": ' + json.dumps(batches) + ',\n"cases": [\n' + lines + "\n]}\n")
    print(f"{path}: {len(results)} cases")


main()
