"""Where the NumPy trainer's time goes: one thread, with a clock at the entries of its parts."""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.numpy_llama import (
    attention_block,
    feed_forward_block,
    optimizer,
    packed_attention,
    passes,
    trainer,
)
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner.settings import PEAK_LEARNING_RATE
from tests.benchmarks.bench_training import floors, matmul_rate, tokens_read
from tests.benchmarks.engine.answer import serve

Found = TypeVar("Found")
PARTS: dict[str, list[tuple[Any, str]]] = {
    "linear layers with adapters": [
        (block, name)
        for block in (attention_block, feed_forward_block)
        for name in ("linear", "linear_backward")
    ],
    "attention": [(packed_attention, "attention"), (packed_attention, "attention_backward")],
    "cross-entropy": [(passes, "predict_with_gradient")],
    "gated unit": [(feed_forward_block, "swiglu"), (feed_forward_block, "swiglu_backward")],
    "norms": [
        (block, name)
        for block in (attention_block, feed_forward_block)
        for name in ("inverse_rms", "rms_norm", "rms_norm_backward")
    ],
    "rotation": [(attention_block, "rotate")],
    "optimizer": [(optimizer.AdamW, "step"), (trainer, "clip_norm")],
}


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Learn from a file's conversations on one thread, by the processor's clock."""
    seconds: dict[str, float] = defaultdict(float)
    for part, places in PARTS.items():
        for place, name in places:
            setattr(place, name, _timed(getattr(place, name), part, seconds))
    model = NumpyLlamaBackend().load(Path(request["model"]))
    chats = json.loads(Path(request["train"]).read_text("utf-8"))
    examples = [model.training_example(chat) for chat in chats]
    learner = model.trainer(LoraSettings(), seed=1)
    rate = matmul_rate()
    begun = time.process_time()
    for start in range(0, len(examples), request["batch"]):
        learner.step(examples[start : start + request["batch"]], PEAK_LEARNING_RATE)
    used = time.process_time() - begun
    rate = max(rate, matmul_rate())
    tokens = sum(len(example.tokens) for example in examples)
    supervised = sum(int((example.loss_weights > 0).sum()) for example in examples)
    read = tokens_read(examples, request["batch"])
    all_learn, lora = floors(model._weights.shape, supervised / read)  # type: ignore[attr-defined]
    seconds["the rest"] = used - sum(seconds.values())
    ranked = sorted(seconds.items(), key=itemgetter(1), reverse=True)
    return {
        "gflops": rate / 1e9,
        "tokens_per_second": tokens / used,
        "read": read / tokens,
        "of_6n": read / used * all_learn / rate,
        "of_lora": read / used * lora / rate,
        "shares": {part: spent / used for part, spent in ranked},
    }


def _timed(
    work: Callable[..., Found], part: str, seconds: dict[str, float]
) -> Callable[..., Found]:
    def timed(*arguments: object) -> Found:
        begun = time.process_time()
        found = work(*arguments)
        seconds[part] += time.process_time() - begun
        return found

    return timed


if __name__ == "__main__":
    serve(measure)
