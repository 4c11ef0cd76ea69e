#!/usr/bin/env python3
"""Greedy replies of llama.cpp from files that `cst export` wrote, beside those of `cst` on the model they were made of.

    llama_greedy.py --cst .build/release/cst --model M.gguf --adapter RUN --exported F.gguf --data F.jsonl
    llama_greedy.py … --exported BASE-F32.gguf --lora ADAPTER.gguf

Prompts are the first rows' (system, prompt), rendered and tokenised by `cst render`; llama.cpp gets the tokens. It
computes with a key-value cache in float32. Prints one JSON object with the count of equal replies; the exit code is 1
unless all are, or --at-least are.
"""

import argparse
import json
import subprocess
import sys
import tempfile

import llama_cpp


def run(options, *arguments):
    command = [options.cst, *arguments, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rendered(options, row):
    messages = [{"role": "system", "content": row["system"]}, {"role": "user", "content": row["prompt"]}]
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(messages, file)
        file.flush()
        return run(options, "render", "--model", options.model, "--messages", file.name, "--generation-prompt")["ids"]


def own_reply(options, row):
    adapter = ["--adapter", options.adapter] if options.adapter else []
    return run(
        options, "generate", "--model", options.model, *adapter, "--precision", "f32", "--system", row["system"],
        "--prompt", row["prompt"], "--temperature", "0", "--max-tokens", str(options.tokens),
    )["text"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cst", required=True)
    parser.add_argument("--model", required=True, help="the model that was exported")
    parser.add_argument("--adapter", help="its adapter")
    parser.add_argument("--exported", required=True, nargs="+", help="what llama.cpp loads")
    parser.add_argument("--lora", help="an adapter that llama.cpp loads with it")
    parser.add_argument("--data", required=True, help="JSONL with system and prompt")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--at-least", type=int)
    options = parser.parse_args()
    with open(options.data, encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(options.count))]
    prompts = [rendered(options, row) for row in rows]
    own = [own_reply(options, row) for row in rows]
    failed = False
    for exported in options.exported:
        model = llama_cpp.Llama(
            exported, lora_path=options.lora, n_ctx=1024, n_threads=1, n_threads_batch=1, verbose=False, type_k=0, type_v=0)
        replies = []
        for prompt in prompts:
            tokens = []
            for token in model.generate(prompt, temp=0, top_k=1, repeat_penalty=1.0):
                if llama_cpp.llama_vocab_is_eog(model._model.vocab, token) or len(tokens) == options.tokens:
                    break
                tokens.append(token)
            replies.append(model.detokenize(tokens).decode("utf-8", errors="replace"))
        # A reply that ends within a character shows it as a replacement on one side only.
        equal = [a.rstrip("\ufffd") == b.rstrip("\ufffd") for a, b in zip(replies, own)]
        failed = failed or sum(equal) < (options.count if options.at_least is None else options.at_least)
        different = [(i, a, b) for i, (a, b, same) in enumerate(zip(replies, own, equal)) if not same]
        print(
            json.dumps(
                {
                    "exported": exported, "lora": options.lora, "llama_cpp": llama_cpp.__version__, "prompts": len(rows),
                    "equal_replies": sum(equal), "eos": model.token_eos(),
                    "first_difference": different[0] if different else None,
                }
            )
        )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
