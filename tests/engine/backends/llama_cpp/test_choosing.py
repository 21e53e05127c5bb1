"""When the runtime answers, with a stand-in for its package in the child."""

import logging
import os
import sys
from pathlib import Path

import psutil
import pytest

from desktop_app.engine.backends.backend import ModelFileError, Sampling
from desktop_app.engine.backends.llama_cpp.answering import NAME
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from tests.engine.backends.llama_cpp.conftest import MakeAnswering, write_exact_model
from tests.engine.backends.llama_cpp.talking import GREEDY, talk
from tests.engine.tiny_model import tiny_weights, write_model

STAND_IN = Path(__file__).with_name("stand_in")
ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(ROOT)]))
    monkeypatch.setenv("EXEMPLAR_STAND_IN", "same")


def children() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if "desktop_app.engine.backends.llama_cpp.child" in child.cmdline()
    ]


def test_it_answers_from_the_second_reply_on(base: Path, make_answering: MakeAnswering) -> None:
    answering = make_answering()
    with talk(base, answering) as talking:
        assert answering.state_of(base, None) == (
            False,
            "It is tried out after the model's first answer.",
        )
        first = talking.say()
        talking.try_out()
        second = talking.say()
        assert first.runtime == ""
        assert second.runtime.startswith(NAME)
        assert (second.text, second.tokens) == (first.text, first.tokens)
        assert (second.finish_reason, second.tokens) == ("length", 12)
        assert second.fingerprint != first.fingerprint
        assert answering.state_of(base, None) == (True, None)
        # The weights are not held twice.
        assert talking.model._default is None
    assert children() == []


def test_what_was_found_is_remembered(base: Path, make_answering: MakeAnswering) -> None:
    with talk(base, make_answering()) as talking:
        first = talking.say()
        talking.try_out()
    with talk(base, make_answering()) as talking:
        again = talking.say()
        assert again.runtime.startswith(NAME)
        assert again.text == first.text
        assert talking.model._default is None


def test_it_is_not_used_where_it_says_something_else(
    base: Path, make_answering: MakeAnswering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXEMPLAR_STAND_IN", "other")
    answering = make_answering()
    with talk(base, answering) as talking:
        first = talking.say()
        talking.try_out()
        assert talking.say().runtime == ""
        assert talking.say().text == first.text
        used, why = answering.state_of(base, None)
        assert not used
        assert why == "3 of 3 replies differed from the default back end's."
        assert children() == []


def test_it_is_not_used_where_it_is_slower(base: Path, make_answering: MakeAnswering) -> None:
    answering = make_answering(worth_it=False)
    with talk(base, answering) as talking:
        talking.say()
        talking.try_out()
        assert talking.say().runtime == ""
        used, why = answering.state_of(base, None)
        assert not used
        assert str(why).startswith("The default back end is quicker here: ")


@pytest.mark.logs("desktop_app.engine.backends.llama_cpp")
@pytest.mark.parametrize("manner", ["fails", "crash"])
def test_if_it_fails_the_default_answers_and_it_is_said_once(
    manner: str,
    base: Path,
    make_answering: MakeAnswering,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    with talk(base, None) as plain:
        expected = plain.say()
    monkeypatch.setenv("EXEMPLAR_STAND_IN", manner)
    answering = make_answering("llama.cpp")
    with talk(base, answering) as talking:
        replies = [talking.say() for _ in range(3)]
        assert [reply.text for reply in replies] == [expected.text] * 3
        assert [reply.tokens for reply in replies] == [expected.tokens] * 3
        assert replies[-1].runtime == ""
        assert len([record for record in caplog.records if "llama.cpp" in record.message]) == 1
        assert str(answering.why_not()).startswith("It failed: ")
        assert children() == []


def test_a_process_that_is_killed_costs_no_reply(base: Path, make_answering: MakeAnswering) -> None:
    with talk(base, make_answering("llama.cpp")) as talking:
        first = talking.say()
        (child,) = children()
        child.kill()
        process = talking.model._process
        assert process is not None
        process._reader.join(20)
        again = talking.say()
        assert (again.text, again.runtime) == (first.text, first.runtime)
        assert talking.model._process is not process


def test_what_it_does_not_do_the_default_does(base: Path, make_answering: MakeAnswering) -> None:
    with talk(base, make_answering("llama.cpp")) as talking:
        assert talking.say().runtime.startswith(NAME)
        scored = talking.say(Sampling(temperature=0.0, max_tokens=3, top_logprobs=0))
        assert scored.runtime == ""
        assert sum(len(piece.scored) for piece in scored.pieces) == 3
        too_long = talking.say(Sampling(temperature=0.0, max_tokens=505), text="the rain " * 4)
        assert too_long.runtime == ""


def test_an_idle_model_ends_its_process(base: Path, make_answering: MakeAnswering) -> None:
    with talk(base, make_answering("llama.cpp")) as talking:
        first = talking.say()
        assert len(children()) == 1
        talking.models.release_idle(0, patience=10)
        assert children() == []
        assert talking.say() == first
        assert talking.model._default is None


def test_a_damaged_adapter_is_told_before_anything_is_said(
    base: Path, adapters: list[Path], make_answering: MakeAnswering
) -> None:
    (adapters[0] / "adapter_model.safetensors").write_bytes(b"no tensors")
    for choice in ("auto", "llama.cpp"):
        with talk(base, make_answering(choice)) as talking:
            with pytest.raises(ModelFileError):
                talking.say(adapter=adapters[0])
            assert talking.say().tokens == 12


def test_without_memory_the_default_answers(base: Path, make_answering: MakeAnswering) -> None:
    answering = make_answering("llama.cpp", memory=1 << 20)
    with talk(base, answering) as talking:
        assert talking.say().runtime == ""
        used, why = answering.state_of(base, None)
        assert not used
        assert str(why).startswith("It takes about 0.3 GB of memory")


def test_it_says_why_it_is_not_chosen(
    base: Path, make_answering: MakeAnswering, tmp_path: Path
) -> None:
    assert "started with the default" in str(make_answering("default").why_not())
    missing = make_answering(installed=False)
    assert missing.why_not() == "The package xllamacpp is not installed."
    with talk(base, missing) as talking:
        talking.say()
        assert isinstance(talking.loaded._model, NumpyLlamaModel)
    elsewhere = make_answering(on_processor=False)
    assert "Another device" in str(elsewhere.why_not_for(base))
    strange = write_model(tmp_path / "strange.gguf", tiny_weights(0), {}, kind="gemma")
    assert make_answering().why_not_for(strange) is not None
    assert make_answering().why_not_for(base) is None


def test_the_package_is_never_imported_by_the_service(
    base: Path, make_answering: MakeAnswering
) -> None:
    with talk(base, make_answering("llama.cpp")) as talking:
        assert talking.say(GREEDY).runtime.startswith(NAME)
    assert "xllamacpp" not in sys.modules


def test_a_model_of_another_kind_is_taken_too(
    make_answering: MakeAnswering, tmp_path: Path
) -> None:
    base = write_exact_model(tmp_path / "qwen.gguf", "qwen3")
    with talk(base, make_answering("llama.cpp")) as talking:
        assert talking.say().runtime.startswith(NAME)
