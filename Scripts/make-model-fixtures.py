#!/usr/bin/env python3
"""Writes Tests/Fixtures/models/: tiny random models of every architecture, and what transformers and peft make of them.

    python Scripts/make-model-fixtures.py [NAME ...]        all models where none is named

Needs torch 2.13.0, transformers 5.23.0, peft 0.21.2, tokenizers 0.23.3 and safetensors 0.8.0
(other versions write other files). Every model is a folder as
`save_pretrained` writes it, with a byte-level tokenizer of 271 tokens, and beside it
- adapter/: an adapter as peft writes it, rank 2 on every target, A and B random;
- reference.safetensors: logits after every fourth token of `prompt` and `chosen`, `[8, vocabulary]`; the adapted model's
  after the last one; and the gradient of every factor of the adapter, under its
  PEFT name, of 0.7 times the log-probability of `chosen` less 1.3 times that of `rejected` after `prompt`;
- reference.json: the ids of the three, both log-probabilities, and the 64 tokens that greedy decoding gives after `prompt`, for which
  the best and the second-best logit are never closer than `smallest_gap` (at least 0.001, for which the seed is chosen).
Everything is computed in float32 with the eager attention of transformers on one thread, from the files as written.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)

OUT = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "models"
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["t h", "Ġ a", "th e", "Ġ the", "i n", "e r", "o n", "a n", "Ġ s", "r e", "Ġ w", "an d"]
CHATML = (
    "{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
COMMON = dict(
    vocab_size=272, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.15, bos_token_id=1, eos_token_id=2,
    pad_token_id=0,
)
LLAMA3 = dict(
    rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=64,
)
LONG = dict(
    rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.75,
    short_factor=[1.0, 1.05, 1.1, 1.2, 1.4, 1.7], long_factor=[1.0, 1.3, 2.1, 3.4, 5.9, 8.2],
)
# name: (configuration, how the weights are stored, other arguments of save_pretrained)
MODELS = {
    "llama": (LlamaConfig(**COMMON, tie_word_embeddings=True), torch.float32, {}),
    "llama3": (LlamaConfig(**COMMON, rope_parameters=LLAMA3), torch.bfloat16, {}),
    "llama-bias": (
        LlamaConfig(
            **COMMON, attention_bias=True, mlp_bias=True, tie_word_embeddings=True,
            rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
        torch.float16, {}),
    "mistral": (
        MistralConfig(**COMMON, head_dim=12, sliding_window=8, tie_word_embeddings=True), torch.float32, {}),
    "qwen2": (Qwen2Config(**COMMON), torch.float32, {"max_shard_size": "60KB"}),
    "qwen2-window": (
        Qwen2Config(
            **COMMON, use_sliding_window=True, sliding_window=8, max_window_layers=1, tie_word_embeddings=True,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=64)),
        torch.float16, {}),
    "qwen3": (Qwen3Config(**COMMON, head_dim=16, tie_word_embeddings=True), torch.float32, {}),
    "phi3": (Phi3Config(**COMMON, sliding_window=8, rope_parameters=dict(rope_type="default", rope_theta=10000.0)), torch.float16, {}),
    "phi4-mini": (
        Phi3Config(
            **(COMMON | dict(hidden_size=64, intermediate_size=32)), original_max_position_embeddings=24,
            tie_word_embeddings=True, rope_parameters=dict(LONG, original_max_position_embeddings=24)),
        torch.float32, {}),
}
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
FUSED = ["qkv_proj", "o_proj", "gate_up_proj", "down_proj"]


def tokenizer():
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet(), key=lambda c: c.encode("utf-8"))
    pieces = CONTROL + alphabet + [merge.replace(" ", "") for merge in MERGES]
    made = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, [tuple(m.split(" ")) for m in MERGES]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(CONTROL)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<|im_start|>", eos_token="<|im_end|>", pad_token="<|endoftext|>",
        clean_up_tokenization_spaces=False)
    fast.chat_template = CHATML
    return fast


def write_model(folder, configuration, dtype, options, seed):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(configuration)
    for name, parameter in model.named_parameters():
        if "norm" in name:  # all ones otherwise
            parameter.data.uniform_(0.5, 1.5)
        elif name.endswith("bias"):  # all zero otherwise
            parameter.data.normal_(0, 0.3)
    shutil.rmtree(folder, ignore_errors=True)
    model.generation_config = GenerationConfig(bos_token_id=1, eos_token_id=[2, 0], pad_token_id=0)
    model.to(dtype).save_pretrained(folder, **options)
    tokenizer().save_pretrained(folder)


def read_model(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    return model.eval()


def logits(model, ids):
    return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


@torch.no_grad()
def greedy(model, prompt, count):
    ids, gap = list(prompt), float("inf")
    for _ in range(count):
        best, next_best = torch.topk(logits(model, ids)[-1], 2).values.tolist()
        gap = min(gap, best - next_best)
        ids.append(int(logits(model, ids)[-1].argmax()))
    return ids[len(prompt) :], gap


def log_probability(model, prompt, completion):
    """Of a completion, from a pass over all but its last token: no other token is read."""
    rows = torch.log_softmax(logits(model, prompt + completion[:-1])[len(prompt) - 1 :], dim=-1)
    return rows.gather(1, torch.tensor(completion)[:, None]).sum()


def write(name):
    configuration, dtype, options = MODELS[name]
    folder = OUT / name
    generator = torch.Generator().manual_seed(7)
    prompt, chosen, rejected = (
        torch.randint(3, 271, (count,), generator=generator).tolist() for count in (12, 20, 9))
    ids = prompt + chosen
    for seed in range(1, 200):
        write_model(folder, configuration, dtype, options, seed)
        model = read_model(folder)
        continuation, gap = greedy(model, prompt, 64)
        if gap > 1e-3 and len(set(continuation)) > 8:
            break
    else:
        sys.exit(f"{name}: no seed gives 64 tokens without a near tie")
    with torch.no_grad():
        tensors = {"logits": logits(model, ids)[3::4].contiguous()}
    targets = FUSED if name.startswith("phi") else TARGETS
    adapted = get_peft_model(
        model, LoraConfig(r=2, lora_alpha=4, target_modules=targets, bias="none", task_type="CAUSAL_LM"))
    factors = {n: p for n, p in adapted.named_parameters() if "lora_" in n}
    for parameter in factors.values():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.2
    adapted.save_pretrained(folder / "adapter")
    config = json.loads((folder / "adapter" / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = name
    config["target_modules"].sort()
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    scores = [log_probability(adapted, prompt, completion) for completion in (chosen, rejected)]
    (0.7 * scores[0] - 1.3 * scores[1]).backward()
    for parameter_name, parameter in factors.items():
        tensors[parameter_name.replace(".default", "")] = parameter.grad
    with torch.no_grad():
        tensors["adapted_logits"] = logits(adapted, ids)[-1].contiguous()
    save_file(tensors, folder / "reference.safetensors")
    reference = {
        "seed": seed, "prompt": prompt, "chosen": chosen, "rejected": rejected, "greedy": continuation,
        "smallest_gap": round(gap, 5), "log_probabilities": [float(score) for score in scores],
    }
    (folder / "reference.json").write_text(json.dumps(reference, sort_keys=True) + "\n")
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{name}: seed {seed}, smallest gap {gap:.5f}, {len(set(continuation))} different tokens, {size} bytes")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    for model_name in sys.argv[1:] or MODELS:
        write(model_name)
