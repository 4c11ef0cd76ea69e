#!/usr/bin/env python3
"""Speed of llama.cpp (llama-cpp-python) on prompts and decoding of a GGUF file, timed as Benchmarks/bench asks.

    llama_speed.py --model F.gguf             requests on standard input, a line each, as gemm_peers.py
    llama_speed.py --model F.gguf --once      alone: a prompt of 512 tokens, 64 tokens of one sequence and of eight

Calls llama_decode alone: neither sampling nor text is in the time. Prompts are one batch of 512; only the last token's
logits are wanted. In decoding every sequence has its own 32 tokens before, and takes 64 single steps.
"""

import argparse
import json
import sys
import time

try:
    import llama_cpp
except ImportError as error:
    print(json.dumps({"absent": str(error)}), flush=True)
    sys.exit()

CONTEXT_BEFORE = 32


class Session:
    """A context for so many sequences, and its batch."""

    def __init__(self, model, sequences, length, threads):
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = sequences * length
        parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_seq_max = sequences
        parameters.n_threads = parameters.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(model, parameters)
        if not self.context:
            raise RuntimeError("llama.cpp makes no context")
        self.batch = llama_cpp.llama_batch_init(512, 0, 1)

    def close(self):
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)

    def clear(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def decode(self, tokens):
        """Runs over (token, position, sequence, whether logits are wanted)."""
        self.batch.n_tokens = len(tokens)
        for index, (token, position, sequence, wanted) in enumerate(tokens):
            self.batch.token[index] = token
            self.batch.pos[index] = position
            self.batch.n_seq_id[index] = 1
            self.batch.seq_id[index][0] = sequence
            self.batch.logits[index] = wanted
        if llama_cpp.llama_decode(self.context, self.batch) != 0:
            raise RuntimeError("llama_decode failed")
        llama_cpp.llama_synchronize(self.context)


def prompt_rate(model, work):
    length = work["sizes"][0]
    session = Session(model, 1, length, work["threads"])
    times = []
    while len(times) < 2 or sum(times[1:]) < work["seconds"]:
        session.clear()
        began = time.perf_counter()
        session.decode([(100 + i % 1000, i, 0, i == length - 1) for i in range(length)])
        times.append(time.perf_counter() - began)
    session.close()
    return length / sorted(times[1:])[len(times[1:]) // 2]


def decoding_rate(model, work):
    sequences, steps = work["sizes"]
    session = Session(model, sequences, CONTEXT_BEFORE + steps + 8, work["threads"])
    rates, spent = [], 0
    while not rates or spent < work["seconds"]:
        session.clear()
        for sequence in range(sequences):
            session.decode([(100 + sequence + i, i, sequence, i == CONTEXT_BEFORE - 1) for i in range(CONTEXT_BEFORE)])
        began = time.perf_counter()
        for step in range(steps):
            session.decode([(200 + step, CONTEXT_BEFORE + step, sequence, True) for sequence in range(sequences)])
        seconds = time.perf_counter() - began
        rates.append(sequences * steps / seconds)
        spent += seconds
    session.close()
    return sorted(rates)[len(rates) // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=2, help="of --once")
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args()
    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, None)
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(options.model.encode(), llama_cpp.llama_model_default_params())
    if not model:
        print(json.dumps({"absent": f"llama.cpp does not load {options.model}"}), flush=True)
        return
    print(json.dumps({"library": "llama.cpp", "version": "llama-cpp-python " + llama_cpp.__version__}), flush=True)
    works = [
        {"operation": "prompt", "sizes": [512], "threads": options.threads, "seconds": 1},
        {"operation": "decoding", "sizes": [1, 64], "threads": options.threads, "seconds": 1},
        {"operation": "decoding", "sizes": [8, 64], "threads": options.threads, "seconds": 1},
    ]
    for line in map(json.dumps, works) if options.once else sys.stdin:
        work = json.loads(line)
        try:
            if work["operation"] == "prompt":
                answer = {"rate": prompt_rate(model, work)}
            elif work["operation"] == "decoding":
                answer = {"rate": decoding_rate(model, work)}
            else:
                answer = {"absent": "not measured by this library"}
        except RuntimeError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
