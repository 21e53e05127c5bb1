"""Answers with the engine's NumPy back end, and changes between adapters."""

import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from tests.benchmarks.engine.answer import serve

SWITCHES = 10


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Answer every prompt greedily; then use the adapters in turn."""
    model = NumpyLlamaBackend().load(Path(request["model"]))
    adapters = [Path(adapter) for adapter in request["adapters"]]
    model.use_adapter(adapters[0])
    firsts, rates, texts, prompts = [], [], [], []
    for chat in json.loads(Path(request["prompts"]).read_text("utf-8")):
        prompt = model.tokenize(model.render(chat, add_generation_prompt=True))
        prompts.append(prompt.tolist())
        begun = time.perf_counter()
        pieces, at = [], []
        for piece in model.generate(prompt, Sampling(temperature=0, max_tokens=request["most"])):
            pieces.append(piece)
            at.append(time.perf_counter())
        firsts.append(at[0] - begun)
        rates.append((pieces[-1].completion_tokens - 1) / (at[-1] - at[0]))
        texts.append("".join(piece.text for piece in pieces))
    before = psutil.Process().memory_info().rss
    switches = []
    for number in range(SWITCHES):
        begun = time.perf_counter()
        model.use_adapter(adapters[(number + 1) % len(adapters)])
        switches.append(time.perf_counter() - begun)
    after = psutil.Process().memory_info().rss
    return {
        "first": median(firsts),
        "rate": median(rates),
        "texts": texts,
        "prompts": prompts,
        "switch": median(switches),
        "worst_switch": max(switches),
        "more_mb": (after - before) / (1 << 20),
    }


if __name__ == "__main__":
    serve(measure)
