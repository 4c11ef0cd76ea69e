#!/usr/bin/env python3
"""Writes Tests/Fixtures/adapters/: adapters of every form for the tiny Llama model, and what peft makes of them.

    python Scripts/make-adapter-fixtures.py                   all of them
    python Scripts/make-adapter-fixtures.py --score FOLDER…   what peft makes of other adapters for that model

Needs torch 2.13.0, transformers 5.23.0, peft 0.21.2 and safetensors 0.8.0 (other versions write other files).
Every adapter is a folder as `save_pretrained` writes it, its factors random, and beside it reference.safetensors with the
gradient of every parameter, under its PEFT name, of 0.7 times the log-probability of `chosen` less 1.3 times that of
`rejected` after `prompt` (the ids of Tests/Fixtures/models/llama/reference.json). expected.json has both log-probabilities
by form, as float32 on one thread with eager attention. `cases/` beside them is not made here.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

FIXTURES = Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
MODEL, OUT = FIXTURES / "models" / "llama", FIXTURES / "adapters"
NAMES = ["q_proj", "v_proj", "down_proj"]
PATTERNS = dict(
    rank_pattern={"layers.0.self_attn.q_proj": 2, "q_proj": 3, r"mlp\.(down|up)_proj": 1},
    alpha_pattern={r".*\.1\..*": 16.0})
FORMS = {
    "patterns": dict(target_modules=NAMES, **PATTERNS),
    "rslora-patterns": dict(target_modules=NAMES, use_rslora=True, **PATTERNS),
    "excluded": dict(target_modules="all-linear", exclude_modules=r".*layers\.0\.mlp.*"),
    "excluded-names": dict(target_modules=NAMES + ["o_proj"], exclude_modules=["layers.1.self_attn.q_proj", "down_proj"]),
    "layers": dict(target_modules=NAMES, layers_to_transform=[1], layers_pattern="layers"),
    "dora": dict(target_modules=NAMES, use_dora=True, use_rslora=True, **PATTERNS),
    "pissa": dict(target_modules=NAMES, init_lora_weights="pissa", rank_pattern={"q_proj": 2}),
    "olora": dict(target_modules=NAMES, init_lora_weights="olora"),
}


def read_model():
    return AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32, attn_implementation="eager").eval()


def log_probability(model, prompt, completion):
    ids = torch.tensor([prompt + completion[:-1]])
    rows = torch.log_softmax(model(input_ids=ids, use_cache=False).logits[0][len(prompt) - 1 :], dim=-1)
    return rows.gather(1, torch.tensor(completion)[:, None]).sum()


def scores(model):
    reference = json.loads((MODEL / "reference.json").read_text())
    return [log_probability(model, reference["prompt"], reference[name]) for name in ("chosen", "rejected")]


def write(form, generator):
    folder = OUT / form
    shutil.rmtree(folder, ignore_errors=True)
    arguments = dict(r=4, lora_alpha=8, bias="none", task_type="CAUSAL_LM")
    model = get_peft_model(read_model(), LoraConfig(**(arguments | FORMS[form])))
    for name, parameter in model.named_parameters():
        if "lora_" not in name:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if "magnitude" in name:
            parameter.data = parameter.data * (1 + 0.2 * noise)
        elif form in ("pissa", "olora"):
            parameter.data = parameter.data + 0.05 * noise
        else:
            parameter.data = 0.2 * noise
    model.save_pretrained(folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = "llama"
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "README.md").unlink(missing_ok=True)
    model = PeftModel.from_pretrained(read_model(), folder, is_trainable=True)  # as others will read it
    found = scores(model)
    (0.7 * found[0] - 1.3 * found[1]).backward()
    gradients = {
        name.replace(".default", "").replace("magnitude_vector.weight", "magnitude_vector"): parameter.grad.contiguous()
        for name, parameter in model.named_parameters() if "lora_" in name}
    save_file(gradients, folder / "reference.safetensors")
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o644)
    return [float(score) for score in found]


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["--score"]:
        for place in sys.argv[2:]:
            with torch.no_grad():
                found = scores(PeftModel.from_pretrained(read_model(), place))
            print(place, *(f"{float(score):.6f}" for score in found))
        sys.exit()
    expected = {form: write(form, torch.Generator().manual_seed(11 + index)) for index, form in enumerate(FORMS)}
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    print(json.dumps(expected, indent=1))
