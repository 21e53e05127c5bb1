"""llama.cpp itself, where its package is installed."""

import asyncio
import importlib.util
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import psutil
import pytest

from desktop_app.engine.backends.backend import Sampling
from desktop_app.engine.backends.llama_cpp.answering import NAME
from desktop_app.engine.backends.llama_cpp.demand import request_body
from tests.engine.backends.llama_cpp.conftest import MakeAnswering, write_exact_model
from tests.engine.backends.llama_cpp.talking import GREEDY, talk

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="the package xllamacpp is not installed"
)
LONG = Sampling(temperature=0.0, max_tokens=40)
QUESTIONS = ("the rain", "and the user sat in the system", "東京 there 42")


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "smollm3"])
def test_it_says_what_the_default_says(
    kind: str, make_answering: MakeAnswering, tmp_path: Path
) -> None:
    base = write_exact_model(tmp_path / f"{kind}.gguf", kind)
    with talk(base, None) as plain, talk(base, make_answering("llama.cpp")) as talking:
        for question in QUESTIONS:
            expected, said = (one.say(LONG, text=question) for one in (plain, talking))
            assert said.runtime.startswith(NAME)
            assert said.text == expected.text
            assert (said.tokens, said.finish_reason) == (expected.tokens, expected.finish_reason)


def test_adapters_take_turns_on_one_base(
    base: Path, adapters: list[Path], make_answering: MakeAnswering
) -> None:
    every: list[Path | None] = [None, *adapters]
    with talk(base, None) as plain, talk(base, make_answering("llama.cpp")) as talking:
        expected = [plain.say(LONG, adapter).text for adapter in every]
        assert len(set(expected)) == 3
        for _ in range(2):
            assert [talking.say(LONG, adapter).text for adapter in every] == expected
        process = talking.model._process
        assert [talking.say(LONG, adapter).text for adapter in every] == expected
        assert talking.model._process is process  # they are switched, not loaded again

        async def at_once() -> list[str]:
            asked = [talking.reply(LONG, adapter, "the rain") for adapter in every + every]
            return [said.text for said in await asyncio.gather(*asked)]

        assert asyncio.run(at_once()) == expected + expected


def test_a_model_is_tried_out_and_taken(
    base: Path, adapters: list[Path], make_answering: MakeAnswering
) -> None:
    answering = make_answering()
    with talk(base, answering) as talking:
        used = []
        for adapter in (None, *adapters):
            first = talking.say(LONG, adapter)
            talking.try_out()
            second = talking.say(LONG, adapter)
            is_used, why = answering.state_of(base, adapter)
            assert first.runtime == ""
            assert bool(second.runtime) == is_used == (why is None)
            assert (second.fingerprint != first.fingerprint) == is_used
            used.append(is_used)
        # Of a random model's tokens some are as good as equally likely: rounding decides.
        assert any(used)


def test_a_seed_gives_the_same_reply_whatever_else_is_asked(
    base: Path, make_answering: MakeAnswering
) -> None:
    drawn = Sampling(temperature=1.5, top_p=0.95, seed=11, max_tokens=40)
    with talk(base, make_answering("llama.cpp")) as talking:
        first = talking.say(drawn)
        talking.say(LONG, text="the rain and the rest")

        async def at_once() -> list[str]:
            asked = [talking.reply(one, None, "the rain") for one in (LONG, drawn, LONG, drawn)]
            return [said.text for said in await asyncio.gather(*asked)]

        together = asyncio.run(at_once())
        assert together[1] == together[3] == first.text
        other = talking.say(Sampling(temperature=1.5, top_p=0.95, seed=12, max_tokens=40))
        assert other.text != first.text


def test_tokens_are_drawn_as_the_protocol_says(base: Path, make_answering: MakeAnswering) -> None:
    """First tokens of many replies, against the default back end's probabilities."""
    draws, temperature, top_p = 400, 1.3, 0.3
    with talk(base, make_answering("llama.cpp")) as talking:
        talking.say()
        model = talking.model
        prompt = model.tokenize("the rain")
        logits = model.decoding().decoder(len(prompt)).next_logits(prompt[None])[0]
        p = np.exp((logits - logits.max()).astype(np.float64) / temperature)
        p /= p.sum()
        order = np.argsort(-p)
        kept = order[: int(np.searchsorted(np.cumsum(p[order]), top_p)) + 1]
        expected = dict(zip(kept.tolist(), p[kept] / p[kept].sum(), strict=True))
        process = model._started(None)
        counts: dict[int, int] = {}
        for seed in range(draws):
            sampling = Sampling(temperature=temperature, top_p=top_p, seed=seed, max_tokens=1)
            reply = process.ask(request_body(prompt, sampling, 0, None))
            told = reply.next(20)
            assert told is not None
            if "token" in told:  # no part of a character
                counts[told["token"]] = counts.get(told["token"], 0) + 1
            reply.close()
        assert sum(counts.values()) > draws / 2
        assert set(counts) <= set(expected)
        for token, count in counts.items():
            spread = 5 * np.sqrt(expected[token] / draws) + 2 / draws
            assert abs(count / draws - expected[token]) < spread


def test_stop_strings_and_counts_are_the_default_ones(
    base: Path, make_answering: MakeAnswering
) -> None:
    with talk(base, None) as plain, talk(base, make_answering("llama.cpp")) as talking:
        whole = plain.say(LONG).text
        stop = whole[len(whole) // 2 :][:2]
        sampling = Sampling(temperature=0.0, max_tokens=40, stop=[stop])
        expected, said = plain.say(sampling), talking.say(sampling)
        assert stop not in said.text
        assert (said.text, said.tokens, said.finish_reason) == (
            expected.text,
            expected.tokens,
            "stop",
        )


def test_who_leaves_stops_it_at_once(base: Path, make_answering: MakeAnswering) -> None:
    endless = Sampling(temperature=0.0, max_tokens=490)
    with talk(base, make_answering("llama.cpp")) as talking:
        whole = talking.say(endless)

        async def left() -> None:
            prompt = await talking.loaded.run(None, lambda model: model.tokenize("the rain"))
            name = whole.runtime
            sampling = Sampling(temperature=0.0, max_tokens=490, runtime=name)
            pieces = talking.loaded.generate(None, prompt, sampling)
            await anext(pieces)
            await pieces.aclose()
            await talking.loaded.run(None, lambda _: None)

        asyncio.run(left())
        assert talking.model._turns._line == []
        process = talking.model._process
        assert process is not None
        assert process._replies == {}
        assert talking.say(GREEDY).text


def test_nobody_else_can_ask_it(base: Path, make_answering: MakeAnswering) -> None:
    with talk(base, make_answering("llama.cpp")) as talking:
        talking.say()
        (child,) = (c for c in psutil.Process().children() if "llama_cpp.child" in str(c.cmdline()))
        for connection in child.net_connections("inet"):
            if connection.status != psutil.CONN_LISTEN:
                continue
            url = f"http://127.0.0.1:{connection.laddr.port}/completion"
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(url, b'{"prompt": "a"}', timeout=5)
        listening = [c for c in child.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert not listening or psutil.WINDOWS
