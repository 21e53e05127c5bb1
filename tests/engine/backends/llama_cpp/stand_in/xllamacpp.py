"""Stands in for the package in the child: NumPy's back end behind the same calls.

EXEMPLAR_STAND_IN says what it does: "same", "other" (another reply), "crash" (ends in the middle
of a reply), "fails" (does not load).
"""

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel

MANNER = os.environ["EXEMPLAR_STAND_IN"]


class CommonParams:
    """Takes whatever is set."""

    def __init__(self) -> None:
        self.model, self.cpuparams = SimpleNamespace(path=""), SimpleNamespace()
        self.cpuparams_batch = SimpleNamespace()
        self.lora_adapters: list[Any] = []


class CommonAdapterLoraInfo:
    """An adapter; it counts for nothing here."""

    def __init__(self, path: str, scale: float) -> None:
        self.path = path
        self.scale = scale


class Server:
    """Answers greedily."""

    def __init__(self, params: CommonParams) -> None:
        if MANNER == "fails":
            raise RuntimeError("the model cannot be loaded")
        print("what a library prints")  # must not come between the lines
        self.model = NumpyLlamaModel(Path(params.model.path))
        self.numbers = {self.model.token_bytes(token): token for token in range(300)}

    def handle_completions(
        self, body: dict[str, Any], take: Callable[[dict[str, Any]], bool]
    ) -> None:
        """Reply as the library does, a bit of text at a time."""
        import numpy as np

        sampling = Sampling(temperature=0.0, max_tokens=body["n_predict"], top_logprobs=0)
        take({"choices": [{"text": "", "finish_reason": None}], "prompt_progress": {}})
        for n, piece in enumerate(self.model.generate(np.array(body["prompt"]), sampling)):
            if MANNER == "crash" and n == 3:
                os._exit(3)
            text = piece.text.swapcase() if MANNER == "other" else piece.text
            left = len(piece.scored)
            for token in piece.scored:
                left -= 1
                told = self._told([token.content], piece.completion_tokens - left)
                if take(_chunk("" if left else text, None, told)):
                    return
            if piece.finish_reason is not None:
                take(_chunk("", piece.finish_reason, self._told([], piece.completion_tokens)))

    def _told(self, contents: list[bytes], count: int) -> dict[str, Any]:
        tokens = [self.numbers[content] for content in contents]
        return {"tokens": tokens, "tokens_predicted": count}


def _chunk(text: str, reason: str | None, more: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"text": text, "finish_reason": reason}], "__verbose": more}
