"""Answers with llama-cpp-python, the adapter merged into weights in F16."""

import time
from importlib import import_module
from statistics import median
from typing import Any

from tests.benchmarks.engine.answer import serve


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Answer every prompt (tokens) greedily."""
    llama = import_module("llama_cpp")
    threads = request["threads"]
    model = llama.Llama(
        request["model"], n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False
    )
    firsts, rates, texts = [], [], []
    for prompt in request["prompts"]:
        model.reset()
        begun = time.perf_counter()
        tokens: list[int] = []
        at = []
        for token in model.generate(prompt, temp=0.0, repeat_penalty=1.0):
            at.append(time.perf_counter())
            if token == model.token_eos() or len(tokens) == request["most"]:
                break
            tokens.append(token)
        firsts.append(at[0] - begun)
        rates.append((len(at) - 1) / (at[-1] - at[0]))
        texts.append(model.detokenize(tokens).decode(errors="replace"))
    return {"first": median(firsts), "rate": median(rates), "texts": texts}


if __name__ == "__main__":
    serve(measure)
