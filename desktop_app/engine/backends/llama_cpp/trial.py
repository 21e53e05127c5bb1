"""Tries the runtime out with a model: whether it answers as the default back end does."""

import time
from pathlib import Path

from desktop_app.engine.backends.backend import ChatTemplateError, Model, Sampling, TokenIds
from desktop_app.engine.backends.llama_cpp.answering import UNUSABLE, Answering
from desktop_app.engine.backends.llama_cpp.demand import request_body
from desktop_app.engine.backends.llama_cpp.files import Verdict
from desktop_app.engine.backends.llama_cpp.process import LlamaProcess, RuntimeFailedError
from desktop_app.engine.backends.llama_cpp.reply_text import ReplyText
from desktop_app.engine.backends.text.tokenizer import Tokenizer

ASKED = (
    "Hello! Who are you?",
    "My parcel was due on Monday and it is not here. What can I do?",
    "Write two sentences about rain.",
    " ".join(f"Rule {n}: question number {n} is answered within {n + 1} days." for n in range(20))
    + " What does rule 7 say?",
)
"""The last is as long as the instructions of many sets: reading them takes time too."""
_GREEDY = Sampling(temperature=0.0, max_tokens=32)
_SECONDS = 60.0


def trial_prompts(model: Model) -> list[TokenIds]:
    """Return the questions as a model reads them, as far as it can read them at all."""
    prompts = [model.tokenize(_worded(model, question)) for question in ASKED]
    most = model.context_tokens - _GREEDY.max_tokens
    return [prompt for prompt in prompts if len(prompt) < most]


def _worded(model: Model, question: str) -> str:
    try:
        message = {"role": "user", "content": question}
        return model.render([message], add_generation_prompt=True)
    except ChatTemplateError:
        return question


class Trial:
    """A process that was started for one model, and how it replies.

    Starting it, with the copy of the model that it needs, takes longest and is done on a thread
    beside the model's. Replies are made in turn with the default back end's, on the model's own
    thread, so that whatever else the computer does slows both down.
    """

    def __init__(
        self, answering: Answering, base: Path, adapter: Path | None, tokenizer: Tokenizer
    ) -> None:
        self.adapter = adapter
        self.process: LlamaProcess | None = None
        self.error: Exception | None = None
        self._answering = answering
        self._base = base
        self._tokenizer = tokenizer
        self._compared = self._others = 0
        self._seconds = [0.0, 0.0]

    def start(self, prompt: TokenIds) -> None:
        """Start the process and read its weights once, or keep what came in the way."""
        adapters = [] if self.adapter is None else [self.adapter]
        try:
            self.process = self._answering.start(self._base, adapters)
            self._reply(prompt)
        except UNUSABLE as error:
            self.error = error

    def compare(self, default: Model, prompt: TokenIds) -> None:
        """Let both reply to a prompt. Raises RuntimeFailedError."""
        times = [time.perf_counter()]
        theirs = self._reply(prompt)
        times.append(time.perf_counter())
        ours = "".join(piece.text for piece in default.generate(prompt, _GREEDY))
        times.append(time.perf_counter())
        self._compared += 1
        self._others += ours != theirs
        for place in range(2):
            self._seconds[place] += times[place + 1] - times[place]

    def verdict(self) -> Verdict:
        """Return what was found: it must say the same, and sooner."""
        theirs, ours = self._seconds
        versions = self._answering.versions
        if self._others:
            why = (
                f"{self._others} of {self._compared} replies differed from the default back end's."
            )
            return Verdict(versions, same=False, used=False, why=why)
        if not self._answering.is_worth_it(theirs, ours):
            why = (
                f"The default back end is quicker here: {ours:.1f} s against {theirs:.1f} s for"
                " the same replies."
            )
            return Verdict(versions, same=True, used=False, why=why)
        return Verdict(versions, same=True, used=True)

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.close()

    def _reply(self, prompt: TokenIds) -> str:
        assert self.process is not None
        count = len(self.process.loading.adapters)
        reply = self.process.ask(request_body(prompt, _GREEDY, count, 0 if count else None))
        text, said = ReplyText(self._tokenizer, ()), ""
        try:
            while not text.ended:
                told = reply.next(_SECONDS)
                if told is None:
                    raise RuntimeFailedError("it takes too long to answer")
                if "end" in told:
                    said += text.end(told["end"], told["tokens"]).text
                elif piece := text.add(told["text"], told["token"], told["tokens"]):
                    said += piece.text
        finally:
            reply.close()
        return said
