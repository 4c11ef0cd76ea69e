"""Times TRL's DPOTrainer on the first rows of a preference file, as a peer of `cst train --method dpo`.

LoRA of rank 24 on all seven projections, DPO with beta 0.1, AdamW, constant rate, rows in the file's order. The reference
is the model with the adapter off, computed in every step: that is TRL's default.
Prints one JSON object; the speed is that of the steps after the first `--warm-up` ones.
"""

import argparse
import json
import sys
import tempfile
import time

import torch
from datasets import Dataset
from transformers import TrainerCallback
from trl import DPOConfig, DPOTrainer

from gguf_model import (
    encode,
    load_adapter_weights,
    load_model,
    load_tokenizer,
    lora_configuration,
    peak_memory_bytes,
    read_rows,
    step_report,
    token_count,
    versions,
)


class StepClock(TrainerCallback):
    """Seconds and loss of every optimizer step."""

    def __init__(self):
        self.seconds, self.losses, self.gradient_norms = [], [], []

    def on_step_begin(self, arguments, state, control, **others):
        self.started = time.perf_counter()

    def on_step_end(self, arguments, state, control, **others):
        self.seconds.append(time.perf_counter() - self.started)

    def on_log(self, arguments, state, control, logs=None, **others):
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))
            self.gradient_norms.append(float(logs["grad_norm"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=2, help="pairs a step")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32", help="of the frozen weights and the products")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--rank", type=int, default=24)
    parser.add_argument("--alpha", type=int, default=48)
    parser.add_argument("--init-adapter", help="a PEFT adapter to start from instead of a fresh one")
    parser.add_argument("--config", type=json.loads, default={}, help="more fields of DPOConfig, as a JSON object")
    parser.add_argument("--warm-up", type=int, default=1, help="steps that do not count for the speed")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    rows = read_rows(options.data, options.rows)
    tokenizer = load_tokenizer(options.model)
    model = load_model(options.model, torch.bfloat16 if options.precision == "bf16" else torch.float32)

    tokens = [token_count(*encode(tokenizer, row)) for row in rows]

    dataset = Dataset.from_list(
        [
            {
                "prompt": [{"role": "system", "content": row["system"]}, {"role": "user", "content": row["prompt"]}],
                "chosen": [{"role": "assistant", "content": row["chosen"]}],
                "rejected": [{"role": "assistant", "content": row["rejected"]}],
            }
            for row in rows
        ]
    )
    clock = StepClock()
    with tempfile.TemporaryDirectory() as folder:
        trainer = DPOTrainer(
            model=model,
            args=DPOConfig(
                output_dir=folder,
                per_device_train_batch_size=options.batch_size,
                num_train_epochs=1,
                learning_rate=options.learning_rate,
                lr_scheduler_type="constant",
                max_grad_norm=0.0,
                weight_decay=0.0,
                beta=0.1,
                max_length=None,
                gradient_checkpointing=False,  # TRL's default is on: less memory, a third more time
                train_sampling_strategy="sequential",
                dataloader_drop_last=True,
                bf16=options.precision == "bf16",
                use_cpu=True,
                logging_steps=1,
                logging_strategy="steps",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                **options.config,
            ),
            train_dataset=dataset,
            processing_class=tokenizer,
            peft_config=lora_configuration(options.rank, options.alpha),
            callbacks=[clock],
        )
        if options.init_adapter:
            # Given a model that has an adapter, TRL takes that adapter as the reference; here it is the bare model.
            load_adapter_weights(trainer.model, options.init_adapter)
        printed, sys.stdout = sys.stdout, sys.stderr  # the trainer's log lines; stdout is for the result
        trainer.train()
        sys.stdout = printed

    report = {"peer": "trl", "precision": options.precision, "threads": options.threads}
    report |= step_report(clock.seconds, tokens, options.batch_size, options.warm_up)
    report |= {"losses": clock.losses, "gradient_norms": clock.gradient_norms, "versions": versions()}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
