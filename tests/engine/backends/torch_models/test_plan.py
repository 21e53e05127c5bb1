"""What is decided before a run, and what is made of PyTorch's words for no memory."""

from dataclasses import replace

import pytest
import torch

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.torch_models.four_bit import fits_in_4_bits_only, four_bits
from desktop_app.engine.backends.torch_models.memory import memory_errors
from desktop_app.engine.backends.torch_models.plan import Demand, MemoryPlan, plan

DEMAND = Demand(fixed=1_000_000, kept=10_000, entering=1_000, spent=1_000)


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (100_000_000, MemoryPlan(512)),
        (8_000_000, MemoryPlan(512)),
        (5_000_000, MemoryPlan(512, saves_memory=True)),
        (2_000_000, MemoryPlan(256, saves_memory=True)),
        (1_500_000, MemoryPlan(128, saves_memory=True)),
        (1, MemoryPlan(128, saves_memory=True)),
    ],
)
def test_the_fastest_plan_that_fits_is_taken(free: int, expected: MemoryPlan) -> None:
    assert plan(DEMAND, free, 512) == expected


def test_no_more_logits_are_counted_than_a_pack_has_rows() -> None:
    head = replace(DEMAND, row=100_000, rows=1_000)
    assert MemoryPlan(128).bytes(head) - MemoryPlan(128).bytes(DEMAND) == 128 * 100_000
    assert MemoryPlan(4096).bytes(head) - MemoryPlan(4096).bytes(DEMAND) == 1_000 * 100_000


def test_a_second_try_takes_less() -> None:
    first = MemoryPlan(8192)
    assert first.smaller() == MemoryPlan(4096, saves_memory=True)
    assert first.smaller().bytes(DEMAND) < first.bytes(DEMAND) / 2
    assert MemoryPlan(128).smaller() == MemoryPlan(128, saves_memory=True)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ],
)
def test_every_way_of_saying_no_memory_is_understood(error: Exception) -> None:
    with pytest.raises(MemoryError), memory_errors():
        raise error


def test_other_faults_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape"), memory_errors():
        raise RuntimeError("wrong shape")


def test_a_real_lack_of_memory_is_understood() -> None:
    with pytest.raises(MemoryError), memory_errors():
        torch.empty(1 << 60, dtype=torch.uint8)


def test_4_bits_are_for_what_does_not_fit_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not fits_in_4_bits_only(16 << 30, None)
    assert not fits_in_4_bits_only(16 << 30, 80 << 30)
    assert fits_in_4_bits_only(16 << 30, 16 << 30)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ModelFileError, match="bitsandbytes"):
        four_bits(torch.bfloat16)
