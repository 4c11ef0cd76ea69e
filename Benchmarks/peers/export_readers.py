#!/usr/bin/env python3
"""Reads what `cst export` wrote with safetensors, gguf, transformers and peft, and compares log-probabilities.

    export_readers.py --folder MERGED --data F.jsonl --scores S.jsonl [--gguf F.gguf …]
    export_readers.py --folder BASE --adapter PEFT --data F.jsonl --scores S.jsonl

S.jsonl is what `cst score --precision f32` gives for the same rows and model. Rows have system, prompt, chosen and
rejected. Prints one JSON object; the exit code is 1 where a log-probability differs by more than --tolerance a token.
"""

import argparse
import json
import pathlib
import sys

import gguf
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer


def read_safetensors(folder):
    """Tensors by type, of all files in a folder; every one is loaded."""
    types = {}
    for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():
                kind = str(tensors.get_tensor(name).dtype)
                types[kind] = types.get(kind, 0) + 1
    return types


def read_gguf(file):
    """Tensors by type; every one is dequantised, and all numbers must be finite."""
    reader, types = gguf.GGUFReader(file), {}
    for tensor in reader.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        if not (abs(numbers) < 1e30).all():
            sys.exit(f"export_readers: error: {file}: {tensor.name} has numbers that are not finite")
        types[tensor.tensor_type.name] = types.get(tensor.tensor_type.name, 0) + 1
    return types


def log_probability(model, prompt, answer):
    with torch.no_grad():
        logits = model(torch.tensor([prompt + answer])).logits[0].double()
    rows = torch.log_softmax(logits[len(prompt) - 1 : -1], dim=-1)
    return rows.gather(1, torch.tensor(answer)[:, None]).sum().item()


def render(tokenizer, messages, **options):
    return tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--adapter")
    parser.add_argument("--data", required=True)
    parser.add_argument("--scores", required=True)
    parser.add_argument("--gguf", nargs="*", default=[])
    parser.add_argument("--tolerance", type=float, default=1e-4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {"safetensors": read_safetensors(options.folder), "gguf": {f: read_gguf(f) for f in options.gguf}}
    tokenizer = AutoTokenizer.from_pretrained(options.folder)
    model = AutoModelForCausalLM.from_pretrained(options.folder, dtype=torch.float32).eval()
    if options.adapter:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, options.adapter).eval()
    with open(options.data, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    with open(options.scores, encoding="utf-8") as lines:
        scores = [json.loads(line) for line in lines]
    answers, largest, other_tokens = 0, 0.0, 0
    for row, score in zip(rows, scores):
        messages = ([{"role": "system", "content": row["system"]}] if "system" in row else []) + [
            {"role": "user", "content": row["prompt"]}
        ]
        prompt = render(tokenizer, messages, add_generation_prompt=True)
        for key in ["chosen", "rejected"]:
            whole = render(tokenizer, messages + [{"role": "assistant", "content": row[key]}])
            answer = whole[len(prompt) :]
            if (len(prompt), len(answer)) != (score["prompt_tokens"], score[key]["tokens"]):
                other_tokens += 1
                continue
            change = abs(log_probability(model, prompt, answer) - score[key]["logp"]) / len(answer)
            answers, largest = answers + 1, max(largest, change)
    found.update(answers=answers, other_tokens=other_tokens, largest_difference_per_token=largest)
    print(json.dumps(found, indent=1))
    sys.exit(0 if answers > 0 and other_tokens == 0 and largest <= options.tolerance else 1)


if __name__ == "__main__":
    main()
