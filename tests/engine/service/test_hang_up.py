"""Who hangs up stops the model within a token."""

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from openai import APITimeoutError
from openai.types.chat import ChatCompletionMessageParam

from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.numpy_llama.decoder import NumpyDecoder
from tests.engine.service.engine_child import MODEL
from tests.engine.service.in_process import InProcessEngine, in_process_engine

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "what is 3 and 4"}]
SECONDS = 0.02
"""What a token takes here: the tiny model is done before anybody could hang up."""


@pytest.fixture
def slow_engine(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InProcessEngine]:
    """A service whose model thinks about every token."""
    next_logits = NumpyDecoder.next_logits

    def slowly(self: NumpyDecoder, tokens: TokenIds) -> npt.NDArray[np.float32]:
        time.sleep(SECONDS)
        return next_logits(self, tokens)

    monkeypatch.setattr(NumpyDecoder, "next_logits", slowly)
    with in_process_engine(tmp_path / "store", tiny_model) as engine:
        yield engine


def stopped_after(caplog: pytest.LogCaptureFixture) -> int:
    """Wait for the model to be stopped and return how many tokens it had written."""
    deadline = time.monotonic() + 8
    while not (found := re.search(r"generation stopped after (\d+) tokens", caplog.text)):
        assert time.monotonic() < deadline, "the model goes on"
        time.sleep(0.02)
    return int(found[1])


def test_in_a_stream(slow_engine: InProcessEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "desktop_app.engine")
    create = slow_engine.client.chat.completions.create
    with create(model=MODEL, messages=HELLO, stream=True, max_tokens=400, temperature=0) as stream:
        for _ in zip(range(4), stream, strict=False):
            pass
    assert stopped_after(caplog) < 40
    began_at = time.monotonic()
    create(model=MODEL, messages=HELLO, max_tokens=1)
    assert time.monotonic() - began_at < 2


def test_of_a_reply_at_once(slow_engine: InProcessEngine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "desktop_app.engine")
    hasty = slow_engine.client.with_options(timeout=0.5)
    with pytest.raises(APITimeoutError):
        hasty.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=400, temperature=0)
    assert stopped_after(caplog) < 100


def test_while_waiting_for_its_turn(
    slow_engine: InProcessEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "desktop_app.engine")
    create = slow_engine.client.chat.completions.create
    with create(model=MODEL, messages=HELLO, stream=True, max_tokens=60, temperature=0) as first:
        next(iter(first))
        hasty = slow_engine.client.with_options(timeout=0.3)
        with pytest.raises(APITimeoutError):
            hasty.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=400)
        texts = [chunk.choices[0].delta.content or "" for chunk in first if chunk.choices]
    assert "".join(texts)
    began_at = time.monotonic()
    create(model=MODEL, messages=HELLO, max_tokens=1)
    assert time.monotonic() - began_at < 2
