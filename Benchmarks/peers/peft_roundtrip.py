"""Log-probabilities of an adapter as Python's peft computes them, to compare with `cst score`.

    python peft_roundtrip.py --model M.gguf --data F.jsonl                    the base model
    python peft_roundtrip.py --model M.gguf --data F.jsonl --adapter DIR      with the adapter in DIR, loaded by peft
    python peft_roundtrip.py --model M.gguf --data F.jsonl --write DIR        with a random adapter that peft writes to DIR

Prints one JSON object: the rows' log-probabilities and token counts, in the fields of `cst score`.
"""

import argparse
import json

import torch
from peft import PeftModel, get_peft_model

from gguf_model import encode, load_model, load_tokenizer, log_probability, lora_configuration, read_rows, versions


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int, default=8, help="how many rows of the data, from the first")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--adapter", help="a folder with adapter_model.safetensors and adapter_config.json")
    which.add_argument("--write", help="a folder to write a random adapter to")
    parser.add_argument("--rank", type=int, default=24)
    parser.add_argument("--alpha", type=int, default=48)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    model = load_model(options.model)
    if options.adapter:
        model = PeftModel.from_pretrained(model, options.adapter).eval()
    elif options.write:
        torch.manual_seed(options.seed)
        model = get_peft_model(model, lora_configuration(options.rank, options.alpha))
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:  # zero in a fresh adapter, which would test nothing
                    parameter.normal_(std=0.01)
        model.save_pretrained(options.write)
        model.eval()

    tokenizer = load_tokenizer(options.model)
    rows = []
    for index, row in enumerate(read_rows(options.data, options.rows)):
        prompt, chosen, rejected = encode(tokenizer, row)
        rows.append(
            {
                "row": index,
                "prompt_tokens": len(prompt),
                "chosen": {"logp": log_probability(model, prompt, chosen), "tokens": len(chosen)},
                "rejected": {"logp": log_probability(model, prompt, rejected), "tokens": len(rejected)},
            }
        )
    print(json.dumps({"adapter": options.adapter or options.write, "rows": rows, "versions": versions()}, indent=1))


if __name__ == "__main__":
    main()
