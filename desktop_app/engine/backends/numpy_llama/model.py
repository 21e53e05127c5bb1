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
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.decoder import (
    NumpyDecoding,
    likeliest_after,
    log_probabilities,
)
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import read_weights
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.backends.text.text_model import TextModel


class NumpyLlamaModel(TextModel):
    """A Llama-shaped model. Raises ModelFileError where the file does not hold a sound one."""

    def __init__(self, path: Path) -> None:
        with GgufFile(path) as file:
            tokenizer = BytePairTokenizer(file.settings)
            self._weights = read_weights(file)
            source = file.settings.get("tokenizer.chat_template", CHATML)
        template = source if isinstance(source, str) else CHATML
        super().__init__(path.stem, tokenizer, template, self._weights.shape.context)
        self._adapter: Path | None = None
        self._transformer = Transformer(self._weights, None)

    @override
    def decoding(self) -> NumpyDecoding:
        return NumpyDecoding(self._transformer)

    @override
    def use_adapter(self, folder: Path | None) -> None:
        if folder == self._adapter:
            return
        adapters = read_adapter(folder, self._weights.shape) if folder else None
        self._transformer = Transformer(self._weights, adapters)
        self._adapter = folder

    @override
    def score(self, tokens: TokenIds) -> Floats:
        return log_probabilities(self._transformer, tokens)

    @override
    def likeliest(self, tokens: TokenIds, count: int) -> list[list[LikelyToken]]:
        return likeliest_after(self._transformer, self._tokenizer, tokens, count)

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
