"""Trains with TRL's SFTTrainer as its documentation sets it up: everything it does not ask for is
left at its default (batches of 8 with padding, bfloat16 and gradient checkpointing, loss on all
tokens). Only the learning rate is the engine's: at TRL's own 2e-5 an adapter hardly learns."""

import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks.engine.answer import serve


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Train on the conversations of a file, and say how long it took."""
    datasets, peft, trl = map(import_module, ("datasets", "peft", "trl"))
    chats = json.loads(Path(request["train"]).read_text("utf-8"))
    trainer = trl.SFTTrainer(
        model=request["model"],
        train_dataset=datasets.Dataset.from_list([{"messages": chat} for chat in chats]),
        args=trl.SFTConfig(
            output_dir=request["adapter"],
            num_train_epochs=request["epochs"],
            learning_rate=request["rate"],
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        ),
        peft_config=peft.LoraConfig(
            r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    begun, used = time.perf_counter(), time.process_time()
    trainer.train()
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    trainer.save_model(request["adapter"])
    return {
        "seconds": seconds,
        "processor_seconds": used,
        "batch": trainer.args.per_device_train_batch_size,
        "bf16": trainer.args.bf16,
        "checkpointing": trainer.args.gradient_checkpointing,
    }


if __name__ == "__main__":
    serve(measure)
