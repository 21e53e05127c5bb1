"""The held-out loss of adapters, whoever trained them, by one measure: what the assistant says."""

import json
from pathlib import Path
from typing import Any

from desktop_app.engine.backends.backend import LoraSettings
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from tests.benchmarks.engine.answer import serve


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Return the losses of `adapters`; a missing one is the base model's."""
    model = NumpyLlamaBackend().load(Path(request["model"]))
    chats = json.loads(Path(request["held"]).read_text("utf-8"))
    examples = [model.training_example(chat) for chat in chats]
    losses = []
    for adapter in request["adapters"]:
        start = Path(adapter) if adapter else None
        trainer = model.trainer(LoraSettings(), seed=1, start=start)
        losses.append(trainer.validate(examples).loss)
    return {"losses": losses}


if __name__ == "__main__":
    serve(measure)
