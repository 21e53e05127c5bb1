"""A model whose plain replies come from llama.cpp, and all else from the default back end."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from typing_extensions import override

from desktop_app.engine.backends.backend import (
    Floats,
    GeneratedPiece,
    LikelyToken,
    LoraSettings,
    Model,
    Sampling,
    TokenIds,
    Trainer,
)
from desktop_app.engine.backends.generation.decoding import Decoding
from desktop_app.engine.backends.llama_cpp.answering import (
    MOST_ADAPTERS,
    UNUSABLE,
    Answering,
    LoadModel,
)
from desktop_app.engine.backends.llama_cpp.demand import is_plain, is_repeatable, request_body
from desktop_app.engine.backends.llama_cpp.process import LlamaProcess
from desktop_app.engine.backends.llama_cpp.reply_text import ReplyText
from desktop_app.engine.backends.llama_cpp.sizes import SLOTS
from desktop_app.engine.backends.llama_cpp.trial import Trial, trial_prompts
from desktop_app.engine.backends.llama_cpp.turns import Turns
from desktop_app.engine.backends.model_files.model_file import open_model
from desktop_app.engine.backends.numpy_llama.shape import read_shape
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.backends.text.text_model import TextModel
from desktop_app.engine.memory import give_memory_back

log = logging.getLogger(__name__)

_WAIT_SECONDS = 0.02
Later = Callable[[Callable[[], None]], bool]
"""Lines work up on the model's thread; says whether the thread still takes any."""


class LlamaCppModel(TextModel):
    """Text without weights; those are loaded for what the runtime does not do.

    Used from the model's thread, but for a trial, which works beside it. Raises ModelFileError.
    """

    def __init__(
        self, path: Path, answering: Answering, load_default: LoadModel, later: Later
    ) -> None:
        with open_model(path) as file:
            tokenizer, shape = BytePairTokenizer(file.settings), read_shape(file)
            source = file.settings.get("tokenizer.chat_template", CHATML)
        template = source if isinstance(source, str) else CHATML
        name = path.name if path.is_dir() else path.stem
        super().__init__(name, tokenizer, template, shape.context)
        self._path = path
        self._answering = answering
        self._load_default = load_default
        self._later = later
        # The last place of a context is not written by llama.cpp.
        self._room = answering.sizes(path).context - 1
        self._default: Model | None = None
        self._adapter: Path | None = None
        self._process: LlamaProcess | None = None
        self._loaded: list[Path] = []
        self._turns = Turns(SLOTS)
        self._untried: list[Path | None] = []
        self._noticed: set[Path | None] = set()
        self._trial: threading.Thread | None = None
        self._is_closed = False

    @override
    def use_adapter(self, folder: Path | None) -> None:
        before, self._adapter = self._adapter, folder
        try:
            if self._default is not None or not self._is_sure(folder):
                self._full()
        except BaseException:
            self._adapter = before
            raise

    @override
    def answered_by(self, prompt_tokens: int, sampling: Sampling) -> str:
        fits = prompt_tokens + sampling.max_tokens <= self._room
        if not fits or not is_plain(sampling) or self._answering.why_not() is not None:
            return ""
        adapter = self._adapter
        verdict = self._answering.verdict(self._path, adapter)
        if verdict is None and adapter not in self._noticed:
            self._noticed.add(adapter)
            self._untried.append(adapter)
        if verdict is None or not verdict.used:
            return ""
        try:
            self._started(adapter)
        except UNUSABLE as error:
            self._answering.fail(self._path, adapter, error)
            return ""
        self._answering.tell(self._path, adapter, None)
        return self._answering.name

    @override
    def generate(self, prompt: TokenIds, sampling: Sampling) -> Iterator[GeneratedPiece]:
        if sampling.runtime and len(prompt):
            return self._pieces(self._adapter, prompt, sampling)
        return self._full().generate(prompt, sampling)

    def rest(self) -> None:
        """Nobody waits for a reply: try out what was not tried yet, on another thread."""
        if self._trial is None and self._untried and not self._is_closed:
            adapter = self._untried.pop(0)
            trial = Trial(self._answering, self._path, adapter, self._tokenizer)
            prompts = trial_prompts(self)

            def work() -> None:
                trial.start(prompts[0])
                if not self._later(lambda: self._judge(trial, prompts)):
                    trial.close()

            self._trial = threading.Thread(target=work, name="llama.cpp-trial", daemon=True)
            self._trial.start()

    def close(self) -> None:
        """End the process."""
        self._is_closed = True
        if self._process is not None:
            self._process.close()
            self._process = None

    @override
    def decoding(self) -> Decoding:
        full = self._full()
        assert isinstance(full, TextModel)
        return full.decoding()

    @override
    def score(self, tokens: TokenIds) -> Floats:
        return self._full().score(tokens)

    @override
    def likeliest(self, tokens: TokenIds, count: int) -> list[list[LikelyToken]]:
        return self._full().likeliest(tokens, count)

    @override
    def trainer(
        self,
        lora: LoraSettings,
        *,
        seed: int,
        start: Path | None = None,
        broken_off: Callable[[], bool] = lambda: False,
    ) -> Trainer:
        return self._full().trainer(lora, seed=seed, start=start, broken_off=broken_off)

    def _is_sure(self, adapter: Path | None) -> bool:
        """Whether the runtime answers with an adapter, so that its files are known to be sound.

        Raises ModelFileError where they are not.
        """
        if self._answering.why_not() is not None:
            return False
        if self._answering.is_forced:
            return self._answering.has_copies(self._path, adapter)
        verdict = self._answering.verdict(self._path, adapter)
        return verdict is not None and verdict.used

    def _full(self) -> Model:
        """Return the default back end's model, with the adapter. Raises what loading raises."""
        if self._default is None:
            self._default = self._load_default()
        self._default.use_adapter(self._adapter)
        return self._default

    def _let_default_go(self) -> None:
        self._default = None
        give_memory_back()

    def _started(self, adapter: Path | None) -> LlamaProcess:
        """Return a process that has an adapter; one that has it not ends when it is unused."""
        process = self._process
        has_it = adapter is None or adapter in self._loaded
        if process is not None and process.is_alive and has_it:
            return process
        wanted = [one for one in self._loaded if one != adapter and one.is_dir()]
        wanted = ([] if adapter is None else [adapter]) + wanted
        self._adopt(self._answering.start(self._path, wanted[:MOST_ADAPTERS]), wanted)
        assert self._process is not None
        return self._process

    def _adopt(self, process: LlamaProcess, adapters: list[Path]) -> None:
        before, self._process, self._loaded = self._process, process, adapters[:MOST_ADAPTERS]
        if before is not None:
            before.retire()

    def _pieces(
        self, adapter: Path | None, prompt: TokenIds, sampling: Sampling
    ) -> Iterator[GeneratedPiece]:
        """Yield a reply; empty pieces while there is nothing to be said yet."""
        text = ReplyText(self._tokenizer, sampling.stop)
        place = self._turns.line_up(object() if is_repeatable(sampling) else adapter)
        try:
            while not self._turns.is_on(place):
                time.sleep(_WAIT_SECONDS)
                yield GeneratedPiece("", 0)
            yield from self._made(adapter, prompt, sampling, text)
        except UNUSABLE as error:
            self._answering.fail(self._path, adapter, error)
            yield from self._by_default(adapter, prompt, sampling, text)
        finally:
            self._turns.leave(place)

    def _made(
        self, adapter: Path | None, prompt: TokenIds, sampling: Sampling, text: ReplyText
    ) -> Iterator[GeneratedPiece]:
        process = self._started(adapter)
        applied = None if adapter is None else self._loaded.index(adapter)
        body = request_body(prompt, sampling, len(process.loading.adapters), applied)
        reply = process.ask(body)
        try:
            while not text.ended:
                told = reply.next(_WAIT_SECONDS)
                if told is None:
                    yield GeneratedPiece("", text.tokens)
                elif "end" in told:
                    yield text.end(told["end"], told["tokens"])
                else:
                    piece = text.add(told["text"], told["token"], told["tokens"])
                    if piece is not None:
                        yield piece
        finally:
            reply.close()

    def _by_default(
        self, adapter: Path | None, prompt: TokenIds, sampling: Sampling, text: ReplyText
    ) -> Iterator[GeneratedPiece]:
        """Go on with a reply of which some may have been let out."""
        if text.ended:
            return
        self.use_adapter(adapter)
        yield from text.continued(self._full(), prompt, replace(sampling, runtime=""))

    def _judge(self, trial: Trial, prompts: list[TokenIds]) -> None:
        """Compare a trial's replies with the default's, one at a time: others may come between."""
        if self._is_closed or trial.error is not None:
            self._end_trial(trial, trial.error)
            return
        before = self._adapter
        try:
            self.use_adapter(trial.adapter)
            trial.compare(self._full(), prompts[0])
            if prompts[1:]:
                if not self._later(lambda: self._judge(trial, prompts[1:])):
                    trial.close()
                return
            verdict = trial.verdict()
            self._answering.files.keep_verdict(self._path, trial.adapter, verdict)
        except Exception as error:  # noqa: BLE001  # nobody asked: the default goes on answering
            log.info("a trial was given up: %s", type(error).__name__)
            self._end_trial(trial, error)
            return
        finally:
            self._adapter = before
        self._end_trial(None if verdict.used else trial, None)
        if verdict.used and trial.process is not None:
            self._adopt(trial.process, [] if trial.adapter is None else [trial.adapter])
            self._let_default_go()

    def _end_trial(self, unused: Trial | None, error: Exception | None) -> None:
        self._trial = None
        if error is not None and unused is not None:
            self._answering.fail(self._path, unused.adapter, error)
        if unused is not None:
            unused.close()
