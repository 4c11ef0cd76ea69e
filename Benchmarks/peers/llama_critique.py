#!/usr/bin/env python3
"""Speed of llama-cpp-python on chains of draft, critique and revision, one conversation at a time: JSON on stdout.

Every call continues the conversation before it, so that llama.cpp finds its beginning in the key-value cache. Loading is
not measured.
"""

import argparse
import json
import sys
import time

import llama_cpp


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompts", required=True, help="JSONL with prompt")
    parser.add_argument("--stages", required=True, help="JSON with system, critique and revision")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--chain-length", type=int, default=3, help="1 is the draft alone")
    parser.add_argument("--max-tokens", type=int, default=96, help="of each reply")
    parser.add_argument("--temperature", type=float, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    with open(options.prompts, encoding="utf-8") as lines:
        prompts = [json.loads(line)["prompt"] for line, _ in zip(lines, range(options.count))]
    if len(prompts) < options.count:
        sys.exit(f"llama_critique: error: {options.prompts} has {len(prompts)} rows, {options.count} are wanted")
    with open(options.stages, encoding="utf-8") as file:
        stages = json.load(file)
    requests = [stages["critique"], stages["revision"]][: options.chain_length - 1]
    model = llama_cpp.Llama(
        options.model, n_ctx=2048, n_threads=options.threads, n_threads_batch=options.threads, logits_all=False,
        verbose=False,
    )
    found = {"generated_tokens": 0, "prompt_tokens": 0, "complete_replies": 0}

    def reply(messages, seed):
        answer = model.create_chat_completion(
            messages, max_tokens=options.max_tokens, temperature=options.temperature, top_p=1.0, top_k=0, min_p=0.0,
            repeat_penalty=1.0, seed=seed,
        )
        found["generated_tokens"] += answer["usage"]["completion_tokens"]
        found["prompt_tokens"] += answer["usage"]["prompt_tokens"]
        found["complete_replies"] += answer["choices"][0]["finish_reason"] == "stop"
        return answer["choices"][0]["message"]["content"]

    model.create_chat_completion([{"role": "user", "content": "Hello"}], max_tokens=2, temperature=0)
    began, cpu_began = time.perf_counter(), time.process_time()
    for index, prompt in enumerate(prompts):
        messages = [{"role": "system", "content": stages["system"]}, {"role": "user", "content": prompt}]
        text = reply(messages, index)
        for request in requests:
            messages += [{"role": "assistant", "content": text}, {"role": "user", "content": request}]
            text = reply(messages, index)
    seconds = time.perf_counter() - began
    found |= {
        "chains": len(prompts),
        "seconds": seconds,
        "cpu_seconds": time.process_time() - cpu_began,
        "tokens_per_second": found["generated_tokens"] / seconds,
        "llama_cpp_python": llama_cpp.__version__,
        "python": sys.version.split()[0],
    }
    json.dump(found, sys.stdout)
    print()


if __name__ == "__main__":
    main()
