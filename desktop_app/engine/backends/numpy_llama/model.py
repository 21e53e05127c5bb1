"""A model in memory: weights, tokenizer, chat template, and the adapter that is applied."""

from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from desktop_app.engine.backends.backend import (
    Floats,
    LikelyToken,
    LoraSettings,
    TokenIds,
    Trainer,
)
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.decoder import (
    NumpyDecoding,
    likeliest_after,
    log_probabilities,
)
from desktop_app.engine.backends.numpy_llama.readings import Readings
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import read_weights
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.backends.text.text_model import TextModel

_RECENT = 4
"""Adapters that stay in memory, none among them: of the starter model's, one takes 20 MB."""


class NumpyLlamaModel(TextModel):
    """A Llama-like model. Raises ModelFileError where the file does not hold a sound one."""

    def __init__(self, path: Path) -> None:
        with open_model(path) as file:
            tokenizer = BytePairTokenizer(file.settings)
            self._weights = read_weights(file)
            source = file.settings.get("tokenizer.chat_template", CHATML)
        template = source if isinstance(source, str) else CHATML
        name = path.name if path.is_dir() else path.stem
        super().__init__(name, tokenizer, template, self._weights.shape.context)
        self._readings = Readings()
        self._adapter: Path | None = None
        self._decoding = NumpyDecoding(Transformer(self._weights, None), self._readings)
        self._recent: dict[Path | None, NumpyDecoding] = {None: self._decoding}

    @override
    def decoding(self) -> NumpyDecoding:
        return self._decoding

    @override
    def use_adapter(self, folder: Path | None) -> None:
        if folder == self._adapter:
            return
        decoding = self._recent.pop(folder, None)
        if decoding is None:
            adapters = read_adapter(folder, self._weights.shape) if folder else None
            decoding = NumpyDecoding(Transformer(self._weights, adapters), self._readings)
        self._recent[folder] = decoding
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]
        self._adapter, self._decoding = folder, decoding

    @override
    def score(self, tokens: TokenIds) -> Floats:
        return log_probabilities(self._decoding.transformer, tokens)

    @override
    def likeliest(self, tokens: TokenIds, count: int) -> list[list[LikelyToken]]:
        return likeliest_after(self._decoding.transformer, self._tokenizer, tokens, count)

    @override
    def trainer(
        self,
        lora: LoraSettings,
        *,
        seed: int,
        start: Path | None = None,
        broken_off: Callable[[], bool] = lambda: False,
    ) -> Trainer:
        begun = read_adapter(start, self._weights.shape) if start else None
        return NumpyLlamaTrainer(
            self._weights, self.name, lora, seed=seed, start=begun, broken_off=broken_off
        )
