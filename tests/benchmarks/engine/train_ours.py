"""Trains with one of the engine's back ends, as a job's worker does."""

import gc
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

from desktop_app.engine.backends.backend import Backend, LoraSettings
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.settings import PEAK_LEARNING_RATE, learning_rate
from desktop_app.engine.jobs_runner.training_run import SAVE_SECONDS
from tests.benchmarks.engine.answer import serve


def backend(name: str) -> Backend:
    """Return the back end of this name."""
    if name == "torch":
        from desktop_app.engine.backends.torch_models.backend import TorchBackend

        return TorchBackend("cpu")
    from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend

    return NumpyLlamaBackend()


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Train on the conversations of a file, and say how fast; the adapter goes to `adapter`."""
    model = backend(request["backend"]).load(Path(request["model"]))
    chats = json.loads(Path(request["train"]).read_text("utf-8"))
    examples = [model.training_example(chat) for chat in chats]
    gc.collect()
    gc.freeze()
    plan = BatchPlan(len(examples), request["batch"], request["epochs"], seed=1)
    trainer = model.trainer(LoraSettings(), seed=1)
    begun, used = time.perf_counter(), time.process_time()
    for step in range(1, plan.total_steps + 1):
        rate = learning_rate(step, plan.total_steps, PEAK_LEARNING_RATE)
        trainer.step([examples[place] for place in plan.batch(step)], rate)
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    folder = Path(request["adapter"])
    trainer.export_adapter(folder)
    saves = []
    for number in range(3):
        saved = time.perf_counter()
        trainer.save_checkpoint(folder / f"state-{number}")
        saves.append(time.perf_counter() - saved)
    tokens = sum(len(example.tokens) for example in examples)
    supervised = sum(int((example.loss_weights > 0).sum()) for example in examples)
    return {
        "tokens": tokens * request["epochs"],
        "supervised": supervised / tokens,
        "seconds": seconds,
        "processor_seconds": used,
        "checkpoint_share": median(saves) / SAVE_SECONDS,
    }


if __name__ == "__main__":
    serve(measure)
