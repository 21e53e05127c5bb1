"""Which back end a model gets."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from desktop_app.engine.backends.backend import PROCESSOR, ModelFileError
from desktop_app.engine.backends.choose import (
    CHOICE_VARIABLE,
    DEVICE_VARIABLE,
    Backends,
    Choice,
    backends,
    from_environment,
)
from desktop_app.engine.backends.torch_models.facts import (
    VARIABLE,
    Facts,
    ask_child,
    handed_on,
    handing_on,
    lacking,
)
from tests.engine.tiny_model import tiny_weights, write_model, write_tiny_model

SLOW_HALVES = Facts(kind="cpu", device=PROCESSOR, halves=False)
FAST_HALVES = Facts(kind="cpu", device=PROCESSOR, halves=True)
GPU = Facts(kind="cuda", device="Some GPU (CUDA)", memory=80 << 30, halves=True)
NUMPY, TORCH = "numpy_llama", "torch"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "llama.gguf")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "other.gguf"
    return write_model(path, tiny_weights(0), {"general.architecture": "bloom"})


def made(
    facts: Facts | None,
    choice: Choice = "auto",
    device: str | None = None,
    lacks: str | None = None,
) -> Backends:
    return Backends(choice, device, lambda: facts, lambda: lacks)


@pytest.mark.parametrize(
    ("facts", "training", "expected"),
    [
        (SLOW_HALVES, False, (NUMPY, PROCESSOR)),
        (SLOW_HALVES, True, (NUMPY, PROCESSOR)),
        (FAST_HALVES, False, (NUMPY, PROCESSOR)),
        (FAST_HALVES, True, (TORCH, PROCESSOR)),
        (GPU, False, (TORCH, GPU.device)),
        (GPU, True, (TORCH, GPU.device)),
        (None, True, (NUMPY, PROCESSOR)),
    ],
)
def test_a_model_that_both_run_gets_the_faster(
    llama: Path, facts: Facts | None, expected: tuple[str, str], *, training: bool
) -> None:
    assert made(facts).named(llama, training=training) == expected


def test_without_pytorch_there_is_numpy(llama: Path, other: Path) -> None:
    chosen = made(GPU, lacks="torch")
    assert chosen.named(llama, training=True)[0] == NUMPY
    assert chosen.of(llama, training=True).name == NUMPY
    with pytest.raises(ModelFileError, match="bloom"):
        chosen.of(other)
    with pytest.raises(ModelFileError, match="bloom"):
        chosen.memory_needed(other, training=True)
    with pytest.raises(ModelFileError, match="torch is not installed"):
        made(GPU, "torch", lacks="torch").of(llama)


def test_what_numpy_cannot_run_is_pytorchs(other: Path) -> None:
    assert made(SLOW_HALVES).named(other) == (TORCH, PROCESSOR)


def test_the_choice_is_the_owners(llama: Path) -> None:
    assert made(GPU, "numpy").named(llama, training=True)[0] == NUMPY
    assert made(SLOW_HALVES, "torch").named(llama)[0] == TORCH
    assert made(GPU, device="cpu").named(llama)[0] == NUMPY
    assert made(SLOW_HALVES, device="cuda:1").named(llama) == (TORCH, "cuda:1")


def test_memory_is_that_of_the_back_end(llama: Path) -> None:
    ways = (made(None, "numpy"), made(FAST_HALVES, "torch"), made(SLOW_HALVES, "torch"))
    numpy, halves, whole = (way.memory_needed(llama, training=True) for way in ways)
    assert numpy < halves < whole
    # A GPU's numbers are not those of the processor that was asked for.
    assert made(GPU, "torch", "cpu").memory_needed(llama, training=True) == whole
    assert made(GPU).plans_memory(llama, training=True)
    assert not made(FAST_HALVES).plans_memory(llama, training=True)


def test_nothing_is_looked_for_before_somebody_asks(llama: Path) -> None:
    asked = []

    def find() -> Facts:
        asked.append(1)
        return GPU

    chosen = Backends("auto", None, find, lambda: None)
    assert not chosen.is_known
    assert not asked
    assert [chosen.named(llama) for _ in range(3)] == [(TORCH, GPU.device)] * 3
    assert asked == [1]
    assert chosen.is_known


def test_what_there_is_is_told_without_waiting(llama: Path) -> None:
    go_on = threading.Event()

    def find() -> Facts:
        go_on.wait(20)
        return GPU

    chosen = Backends("auto", None, find, lambda: None)
    assert [(o.name, o.device, o.available) for o in chosen.offers()] == [
        (NUMPY, PROCESSOR, True),
        (TORCH, None, True),
    ]
    go_on.set()
    chosen.named(llama)
    assert chosen.offers()[1].device == GPU.device
    missing = made(None, lacks="transformers").offers()[1]
    assert (missing.available, missing.why) == (False, "The package transformers is not installed.")


def test_a_worker_chooses_as_the_service_does(monkeypatch: pytest.MonkeyPatch) -> None:
    service = made(GPU, "torch", "cuda:1")
    service.named(Path("any"))
    variables = service.variables()
    assert variables.keys() == {CHOICE_VARIABLE, DEVICE_VARIABLE, VARIABLE}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert from_environment().variables() == made(None, "torch", "cuda:1").variables()
    assert handed_on() == GPU
    monkeypatch.setenv(VARIABLE, "nonsense")
    assert handed_on() is None
    assert handing_on(None) == {}


def test_a_child_tells_what_is_here() -> None:
    found = ask_child({"OMP_NUM_THREADS": "1"})
    if lacking() is not None:
        assert found is None
        return
    assert found is not None
    assert found.kind in {"cpu", "cuda", "mps"}
    assert isinstance(found.halves, bool)


def test_pytorch_is_not_loaded_before_a_model_asks_for_it() -> None:
    code = (
        "import sys, desktop_app.engine.application, desktop_app.engine.worker;"
        "from desktop_app.engine.backends.choose import backends;"
        "backends(); sys.exit(bool({'torch', 'transformers', 'tokenizers'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_usual_back_ends_run_the_model(llama: Path) -> None:
    assert backends("numpy").load(llama).name == "llama"


def test_a_model_is_checked_without_waiting(llama: Path, tmp_path: Path) -> None:
    def find() -> Facts:
        raise AssertionError

    chosen = Backends("auto", None, find, lambda: None)
    chosen.check(llama)
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(llama.read_bytes()[:200])
    with pytest.raises(ModelFileError, match="damaged"):
        chosen.check(damaged)


@pytest.mark.parametrize(
    ("facts", "wanted", "expected"),
    [
        (FAST_HALVES, None, "bfloat16"),
        (SLOW_HALVES, "cpu", "float32"),
        (GPU, "cuda:1", "bfloat16"),
        (GPU, "cpu", "auto"),
        (None, None, "auto"),
    ],
)
def test_all_processes_take_the_numbers_that_were_found_out(
    facts: Facts | None, wanted: str | None, expected: str
) -> None:
    chosen = Backends("torch", wanted, lambda: facts, lambda: None)
    assert chosen._precision() == expected
