"""The optional runtime as clients see it: a stand-in for its package, in the child alone."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.backends.llama_cpp.conftest import write_exact_model
from tests.engine.service.engine_child import Engine, running_engine
from tests.engine.tiny_model import write_tiny_model

STAND_IN = Path(__file__).parents[1] / "backends/llama_cpp/stand_in"
ROOT = Path(__file__).parents[3]
QUESTION: Any = [{"role": "user", "content": "what is 3 and 4"}]


@pytest.fixture
def engine(
    tmp_path: Path, token_file: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(ROOT)]))
    monkeypatch.setenv("EXEMPLAR_STAND_IN", "same")
    store = tmp_path / "store"
    with running_engine(store, token_file, tiny_model, "--answering", "llama.cpp") as engine:
        yield engine


def base_of(engine: Engine, tmp_path: Path) -> str:
    """Take a base model into the store."""
    source = write_exact_model(tmp_path / "exact.gguf")
    return str(engine.post("/engine/models", {"path": str(source)})["id"])


def test_it_can_be_turned_off(engine_without: Engine) -> None:
    assert engine_without.get("/engine")["answering_runtime"] == {
        "name": "llama.cpp",
        "available": False,
        "why": "The service was started with the default back end for answers.",
        "models": [],
    }


@pytest.fixture
def engine_without(tmp_path: Path, token_file: Path, tiny_model: Path) -> Iterator[Engine]:
    store = tmp_path / "other"
    with running_engine(store, token_file, tiny_model, "--answering", "default") as engine:
        yield engine


def test_plain_replies_come_from_it_and_others_do_not(engine: Engine, tmp_path: Path) -> None:
    model = base_of(engine, tmp_path)

    def ask(**more: Any) -> Any:  # noqa: ANN401  # an answer or a stream
        return engine.client.chat.completions.create(
            model=model, messages=QUESTION, max_tokens=8, temperature=0, **more
        )

    plain, scored = ask(), ask(logprobs=True)
    assert plain.choices[0].message.content == scored.choices[0].message.content
    assert plain.usage == scored.usage
    assert plain.system_fingerprint != scored.system_fingerprint
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == plain.choices[0].message.content
    assert chunks[-1].usage == plain.usage
    assert chunks[0].system_fingerprint == plain.system_fingerprint
    told = engine.client.completions.create(model=model, prompt="the rain", max_tokens=4, seed=1)
    assert told.system_fingerprint == plain.system_fingerprint
    runtime = engine.get("/engine")["answering_runtime"]
    assert (runtime["available"], runtime["why"]) == (True, None)
    assert {"id": model, "used": True, "why": None} in runtime["models"]


def test_its_copies_are_counted_and_go_with_their_base(engine: Engine, tmp_path: Path) -> None:
    model = base_of(engine, tmp_path)
    assert engine.get("/engine/storage")["answering_bytes"] == 0
    engine.client.completions.create(model=model, prompt="the rain", max_tokens=4)
    assert engine.get("/engine/storage")["answering_bytes"] > 100_000
    url = str(engine.client.base_url.join(f"/engine/bases/{model}"))
    engine.client.delete(url, cast_to=object)
    assert engine.get("/engine/storage")["answering_bytes"] == 0


def test_what_a_kill_left_is_removed_at_the_next_start(
    tmp_path: Path, token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter = write_tiny_model(tmp_path / "tiny.gguf")
    left = tmp_path / "store" / "answering" / ".part-x"
    left.mkdir(parents=True)
    (left / "weights.gguf").write_bytes(b"GGUF")
    with running_engine(tmp_path / "store", token_file, starter):
        assert not left.exists()
    shutil.rmtree(tmp_path / "store")
