"""The half of a model that is about text; a back end adds the half with the weights."""

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from typing_extensions import override

from desktop_app.engine.backends.backend import (
    ChatMessages,
    GeneratedPiece,
    Model,
    Sampling,
    TokenIds,
    ToolList,
    TrainingExample,
)
from desktop_app.engine.backends.generation.decoding import Decoding
from desktop_app.engine.backends.generation.generation import generate, grammars_of
from desktop_app.engine.backends.text.chat_template import ChatTemplate
from desktop_app.engine.backends.text.tokenizer import Tokenizer


class TextModel(Model):
    """Tokens, the chat template, and generation over whatever gives logits."""

    def __init__(self, name: str, tokenizer: Tokenizer, template: str, context_tokens: int) -> None:
        endings = sorted(tokenizer.decode([token]) for token in tokenizer.endings)
        self._tokenizer = tokenizer
        self._template = ChatTemplate(
            template, bos=tokenizer.bos, eos=tokenizer.eos, endings=endings
        )
        self._grammars = grammars_of(tokenizer)
        self.name = name
        self.context_tokens = context_tokens
        self.tool_call_form = self._template.tool_call_form

    @abstractmethod
    def decoding(self) -> Decoding:
        """Return the weights, with the adapter that is applied, as generation needs them."""

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
    def generate(self, prompt: TokenIds, sampling: Sampling) -> Iterator[GeneratedPiece]:
        return generate(
            self.decoding(),
            self.context_tokens,
            self._tokenizer,
            prompt,
            sampling,
            self._grammars,
        )

    @override
    def check_grammar(self, grammar: str) -> None:
        self._grammars.check(grammar)
