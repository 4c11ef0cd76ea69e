"""Loads a Llama GGUF file as a transformers model and tokenizer, weights dequantised to float32.

The peers in this folder must compute with the very weights that `cst` reads, so they do not take the original
checkpoint: every quantised block becomes d * q + m in float32, nothing else is changed.
"""

import json
import resource
import statistics
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from peft import LoraConfig, set_peft_model_state_dict
from safetensors.torch import load_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CONTROL = 3  # a token_type of GGUF: an added token, matched in text before anything else
LORA_TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def _metadata(reader):
    return {name: field.contents() for name, field in reader.fields.items()}


def _unpermute(weight, heads):
    """Rows of a query or key projection, from GGUF's order (pairs of a rotation side by side) to Hugging Face's (the
    first halves of all pairs, then the second halves)."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def load_model(path, dtype=torch.float32):
    """The model on the CPU, in evaluation mode, with weights in `dtype`."""
    reader = GGUFReader(path)
    metadata = _metadata(reader)
    if metadata["general.architecture"] != "llama":
        raise ValueError(f"{path}: architecture {metadata['general.architecture']!r}, expected 'llama'")
    heads = metadata["llama.attention.head_count"]
    kv_heads = metadata["llama.attention.head_count_kv"]
    width = metadata["llama.embedding_length"]

    state = {}
    for tensor in reader.tensors:
        # dequantize returns the array in numpy's order: output rows first.
        weight = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        if tensor.name == "token_embd.weight":
            name = "model.embed_tokens.weight"
        elif tensor.name == "output_norm.weight":
            name = "model.norm.weight"
        elif tensor.name == "output.weight":
            name = "lm_head.weight"
        else:
            _, layer, kind, suffix = tensor.name.split(".")
            if kind == "attn_q":
                weight = _unpermute(weight, heads)
            elif kind == "attn_k":
                weight = _unpermute(weight, kv_heads)
            name = f"model.layers.{layer}.{LAYER_NAMES[kind]}.{suffix}"
        state[name] = torch.from_numpy(weight.copy())

    tied = "lm_head.weight" not in state
    config = LlamaConfig(
        vocab_size=state["model.embed_tokens.weight"].shape[0],
        hidden_size=width,
        intermediate_size=metadata["llama.feed_forward_length"],
        num_hidden_layers=metadata["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=metadata["llama.rope.dimension_count"],
        rms_norm_eps=metadata["llama.attention.layer_norm_rms_epsilon"],
        rope_parameters={"rope_type": "default", "rope_theta": metadata["llama.rope.freq_base"]},
        max_position_embeddings=metadata["llama.context_length"],
        tie_word_embeddings=tied,
        bos_token_id=metadata["tokenizer.ggml.bos_token_id"],
        eos_token_id=metadata["tokenizer.ggml.eos_token_id"],
        pad_token_id=metadata["tokenizer.ggml.padding_token_id"],
    )
    config._name_or_path = Path(path).stem
    model = LlamaForCausalLM(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    if tied:
        missing = [name for name in missing if name != "lm_head.weight"]
        model.tie_weights()
    if missing or unexpected:
        raise ValueError(f"{path}: missing tensors {missing}, unexpected tensors {unexpected}")
    return model.to(dtype).eval()


def load_tokenizer(path):
    """The byte-level BPE tokenizer of the file, with its chat template."""
    metadata = _metadata(GGUFReader(path))
    if metadata["tokenizer.ggml.pre"] != "smollm":
        raise ValueError(f"{path}: pre-tokenizer {metadata['tokenizer.ggml.pre']!r}, expected 'smollm'")
    tokens = metadata["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in metadata["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab={token: index for index, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, metadata["tokenizer.ggml.token_type"]) if kind == CONTROL]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[metadata["tokenizer.ggml.bos_token_id"]],
        eos_token=tokens[metadata["tokenizer.ggml.eos_token_id"]],
        unk_token=tokens[metadata["tokenizer.ggml.unknown_token_id"]],
        pad_token=tokens[metadata["tokenizer.ggml.padding_token_id"]],
        chat_template=metadata["tokenizer.chat_template"],
        model_max_length=metadata["llama.context_length"],
        clean_up_tokenization_spaces=False,
    )


def lora_configuration(rank=24, alpha=48):
    """LoRA on all seven projections, as the benchmarks use it."""
    return LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=LORA_TARGETS, task_type="CAUSAL_LM")


def load_adapter_weights(model, folder):
    """Puts the weights of a PEFT adapter's folder into a peft model's adapter of the same shape."""
    result = set_peft_model_state_dict(model, load_file(Path(folder) / "adapter_model.safetensors"))
    if result.unexpected_keys:
        raise ValueError(f"{folder}: unexpected tensors {result.unexpected_keys}")


def read_rows(path, count=None):
    """The first `count` objects (all without it) of a JSONL file with system, prompt, chosen and rejected."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if count is not None and len(rows) == count:
                break
            row = json.loads(line)
            absent = {"system", "prompt", "chosen", "rejected"} - row.keys()
            if absent:
                raise ValueError(f"{path}:{number}: no {', '.join(sorted(absent))}")
            rows.append(row)
    return rows


def encode(tokenizer, row):
    """Token ids of a row's prompt, chosen answer and rejected answer: what the template renders, split in token space."""
    prompt = [{"role": "system", "content": row["system"]}, {"role": "user", "content": row["prompt"]}]

    def render(messages, generation_prompt):
        return tokenizer.apply_chat_template(
            messages, add_generation_prompt=generation_prompt, tokenize=True, return_dict=False
        )

    prompt_ids = render(prompt, True)
    answers = []
    for key in ("chosen", "rejected"):
        ids = render(prompt + [{"role": "assistant", "content": row[key]}], False)
        if ids[: len(prompt_ids)] != prompt_ids:
            raise ValueError(f"the rendered prompt is not a prefix of the rendered conversation: {row[key]!r}")
        answers.append(ids[len(prompt_ids) :])
    return prompt_ids, answers[0], answers[1]


@torch.no_grad()
def log_probability(model, prompt_ids, completion_ids):
    """The sum over the completion's tokens of their log-probability after the prompt, added up in float64."""
    ids = torch.tensor([prompt_ids + completion_ids])
    logits = model(ids).logits[0, len(prompt_ids) - 1 : -1].float()
    picked = torch.log_softmax(logits, dim=-1).gather(1, torch.tensor(completion_ids)[:, None])
    return picked.double().sum().item()


def token_count(prompt_ids, chosen_ids, rejected_ids):
    """Tokens of a pair as every trainer here counts them, whatever it pads or shares: both sequences in full."""
    return 2 * len(prompt_ids) + len(chosen_ids) + len(rejected_ids)


def step_report(seconds, tokens, batch_size, warm_up):
    """Speed over the steps after the first `warm_up`, from seconds a step and tokens a row."""
    counted = seconds[warm_up:]
    if not counted:
        raise ValueError(f"{len(seconds)} steps, of which {warm_up} are warm-up: none is left to time")
    rows = len(seconds) * batch_size
    return {
        "rows": rows,
        "batch_size": batch_size,
        "warm_up_steps": warm_up,
        "pairs_per_second": len(counted) * batch_size / sum(counted),
        "tokens_per_second": sum(tokens[warm_up * batch_size : rows]) / sum(counted),
        "median_step_seconds": statistics.median(counted),
        "step_seconds": seconds,
        "peak_memory_bytes": peak_memory_bytes(),
    }


def peak_memory_bytes():
    """The largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def versions():
    """Versions of the libraries that a result depends on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "transformers", "peft", "trl", "tokenizers", "numpy")}
