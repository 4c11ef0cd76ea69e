"""Times hand-written DPO loops in PyTorch, as peers of `cst train --method dpo` that carry no trainer's overhead.

    --layout padded   what most people write: chosen and rejected sequences of a batch, padded to the longest, logits of all
    --layout packed   the best that plain PyTorch allows: one row of tokens without padding, a pair's prompt computed once,
                      attention sequence by sequence over what it sees, the head only where an answer is predicted

Same model, LoRA, loss, optimizer and order of rows as trl_dpo.py; the reference (adapter off) is computed in every step.
Prints one JSON object.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from peft import get_peft_model
from transformers import AttentionInterface

from gguf_model import (
    encode,
    load_adapter_weights,
    load_model,
    load_tokenizer,
    lora_configuration,
    read_rows,
    step_report,
    token_count,
    versions,
)


def padded_log_probabilities(model, pairs, pad):
    """Log-probabilities of the answers, chosen ones first: shape [2 * pairs]."""
    sequences = [prompt + chosen for prompt, chosen, _ in pairs] + [prompt + rejected for prompt, _, rejected in pairs]
    starts = [len(prompt) for prompt, _, _ in pairs] * 2
    width = max(map(len, sequences))
    ids = torch.full((len(sequences), width), pad)
    seen = torch.zeros((len(sequences), width), dtype=torch.long)
    scored = torch.zeros((len(sequences), width), dtype=torch.bool)
    for row, (sequence, start) in enumerate(zip(sequences, starts, strict=True)):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        seen[row, : len(sequence)] = 1
        scored[row, start : len(sequence)] = True
    logits = model(input_ids=ids, attention_mask=seen).logits[:, :-1].float()
    picked = torch.log_softmax(logits, dim=-1).gather(2, ids[:, 1:, None])[..., 0]
    return (picked * scored[:, 1:]).sum(dim=1)


class SegmentAttention:
    """Attention of a row of tokens that holds, pair by pair, a prompt, a chosen and a rejected answer: every prompt sees
    itself, every answer its prompt and itself, so nothing is computed that a mask would throw away."""

    def __init__(self):
        self.segments = []  # (start of the prompt, its end = start of what sees it, start and end of the answer)

    def __call__(self, module, q, k, v, attention_mask, scaling=None, **others):
        outputs = []
        for prompt, prompt_end, start, end in self.segments:
            if start == prompt:
                keys, values, visible = k[:, :, prompt:end], v[:, :, prompt:end], None
            else:
                keys = torch.cat([k[:, :, prompt:prompt_end], k[:, :, start:end]], dim=2)
                values = torch.cat([v[:, :, prompt:prompt_end], v[:, :, start:end]], dim=2)
                visible = torch.ones(end - start, keys.shape[2], dtype=torch.bool).tril(prompt_end - prompt)
            outputs.append(
                F.scaled_dot_product_attention(
                    q[:, :, start:end], keys, values, attn_mask=visible, is_causal=visible is None, scale=scaling,
                    enable_gqa=True,
                )
            )
        return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


SEGMENTS = SegmentAttention()
AttentionInterface.register("segments", SEGMENTS)


def packed_log_probabilities(model, pairs):
    """The same without padding and with every prompt computed once."""
    ids, positions, segments = [], [], []
    predicting, targets, sequence_of = [], [], []  # where an answer's token is predicted, the token, whose it is
    for index, (prompt, chosen, rejected) in enumerate(pairs):
        prompt_end = len(ids) + len(prompt)
        for answer, tokens in ((0, prompt), (1, chosen), (2, rejected)):
            start = len(ids)
            ids += tokens
            positions += range(0 if answer == 0 else len(prompt), (0 if answer == 0 else len(prompt)) + len(tokens))
            segments.append((prompt_end - len(prompt), prompt_end, start, len(ids)))
            if answer:
                predicting += [prompt_end - 1, *range(start, start + len(tokens) - 1)]
                targets += tokens
                sequence_of += [(answer - 1) * len(pairs) + index] * len(tokens)
    SEGMENTS.segments = segments
    decoder = model.get_base_model()
    hidden = decoder.model(
        input_ids=torch.tensor([ids]),
        position_ids=torch.tensor([positions]),
        attention_mask=torch.zeros(1, 1, 1, 1),  # not used; given, so that none is made
        use_cache=False,
    ).last_hidden_state[0]
    logits = decoder.lm_head(hidden[torch.tensor(predicting)]).float()
    scores = -F.cross_entropy(logits, torch.tensor(targets), reduction="none")
    return torch.zeros(2 * len(pairs)).index_add(0, torch.tensor(sequence_of), scores)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--layout", choices=["padded", "packed"], default="padded")
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=2, help="pairs a step")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="of the frozen weights and the products")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--rank", type=int, default=24)
    parser.add_argument("--alpha", type=int, default=48)
    parser.add_argument("--init-adapter", help="a PEFT adapter to start from instead of a fresh one")
    parser.add_argument("--warm-up", type=int, default=1, help="steps that do not count for the speed")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(17)

    tokenizer = load_tokenizer(options.model)
    pairs = [encode(tokenizer, row) for row in read_rows(options.data, options.rows)]
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    model = get_peft_model(load_model(options.model, dtype), lora_configuration(options.rank, options.alpha))
    if options.layout == "packed":
        model.get_base_model().set_attn_implementation("segments")
    if options.init_adapter:
        load_adapter_weights(model, options.init_adapter)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=options.learning_rate, weight_decay=0.0)

    def score(batch):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.precision == "bf16"):
            if options.layout == "packed":
                return packed_log_probabilities(model, batch)
            return padded_log_probabilities(model, batch, tokenizer.pad_token_id)

    seconds, losses, norms = [], [], []
    for start in range(0, len(pairs) - options.batch_size + 1, options.batch_size):
        began = time.perf_counter()
        batch = pairs[start : start + options.batch_size]
        with torch.no_grad(), model.disable_adapter():
            reference = score(batch)
        chosen, rejected = (score(batch) - reference).split(len(batch))
        loss = -F.logsigmoid(options.beta * (chosen - rejected)).mean()
        loss.backward()
        norms.append(torch.nn.utils.get_total_norm([parameter.grad for parameter in trained]).item())
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - began)
        losses.append(loss.item())

    tokens = [token_count(*pair) for pair in pairs]
    report = {"peer": f"torch-{options.layout}", "precision": options.precision, "threads": options.threads}
    report |= step_report(seconds, tokens, options.batch_size, options.warm_up)
    report |= {"losses": losses, "gradient_norms": norms, "versions": versions()}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
