"""A model in memory: weights, tokenizer, chat template, and the adapter that is applied."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.backend import (
    ChatMessages,
    Floats,
    GeneratedPiece,
    LikelyToken,
    LoraSettings,
    Model,
    Sampling,
    TokenIds,
    ToolList,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.numpy_llama.adapter import read_adapter
from desktop_app.engine.backends.numpy_llama.chat_template import CHATML, ChatTemplate
from desktop_app.engine.backends.numpy_llama.decoder import likeliest_after, log_probabilities
from desktop_app.engine.backends.numpy_llama.generation import generate, grammars_of
from desktop_app.engine.backends.numpy_llama.gguf_file import GgufFile
from desktop_app.engine.backends.numpy_llama.tokenizer import Tokenizer
from desktop_app.engine.backends.numpy_llama.trainer import NumpyLlamaTrainer
from desktop_app.engine.backends.numpy_llama.transformer import Transformer
from desktop_app.engine.backends.numpy_llama.weights import read_weights


class NumpyLlamaModel(Model):
    """A Llama-shaped model. Raises ModelFileError where the file does not hold a sound one."""

    def __init__(self, path: Path) -> None:
        with GgufFile(path) as file:
            self._tokenizer = Tokenizer(file.settings)
            self._weights = read_weights(file)
            source = file.settings.get("tokenizer.chat_template", CHATML)
        endings = sorted(self._tokenizer.decode([token]) for token in self._tokenizer.endings)
        self._template = ChatTemplate(
            source if isinstance(source, str) else CHATML,
            bos=self._tokenizer.bos,
            eos=self._tokenizer.eos,
            endings=endings,
        )
        self._grammars = grammars_of(self._tokenizer)
        self._adapter: Path | None = None
        self._transformer = Transformer(self._weights, None)
        self.name = path.stem
        self.context_tokens = self._weights.shape.context
        self.tool_call_form = self._template.tool_call_form

    @override
    def tokenize(self, text: str) -> TokenIds:
        return self._tokenizer.encode(text)

    @override
    def detokenize(self, tokens: TokenIds) -> str:
        return self._tokenizer.decode(tokens.tolist())

    @override
    def token_bytes(self, token: int) -> bytes:
        return self._tokenizer.content(token)

    @override
    def render(
        self, messages: ChatMessages, *, add_generation_prompt: bool, tools: ToolList | None = None
    ) -> str:
        return self._template.render(
            messages, add_generation_prompt=add_generation_prompt, tools=tools
        )

    @override
    def training_example(
        self, messages: ChatMessages, tools: ToolList | None = None
    ) -> TrainingExample:
        text, spans = self._template.supervised(messages, tools)
        encoded = self._tokenizer.encode_with_starts(text)
        weights = np.zeros(len(encoded.tokens), np.float32)
        for span, weight in spans:
            from_byte, to_byte = (len(text[:place].encode()) for place in span)
            first, last = np.searchsorted(encoded.starts, [from_byte, to_byte])
            weights[first:last] = weight
        weights[:1] = 0
        kept = slice(self.context_tokens)
        return TrainingExample(encoded.tokens[kept], weights[kept])

    @override
    def use_adapter(self, folder: Path | None) -> None:
        if folder == self._adapter:
            return
        adapters = read_adapter(folder, self._weights.shape) if folder else None
        self._transformer = Transformer(self._weights, adapters)
        self._adapter = folder

    @override
    def generate(self, prompt: TokenIds, sampling: Sampling) -> Iterator[GeneratedPiece]:
        return generate(self._transformer, self._tokenizer, prompt, sampling, self._grammars)

    @override
    def check_grammar(self, grammar: str) -> None:
        self._grammars.check(grammar)

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
