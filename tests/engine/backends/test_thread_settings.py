import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.engine.backends import thread_settings
from desktop_app.engine.backends.thread_settings import environment


def test_one_core_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((8, "7"), (2, "1"), (1, "1"), (None, "1")):
        monkeypatch.setattr("psutil.cpu_count", lambda logical, cores=cores: cores)
        assert environment()["OPENBLAS_NUM_THREADS"] == threads
    assert environment(3)["OPENBLAS_NUM_THREADS"] == environment(3)["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize(
    ("cpu_info", "taken"),
    [
        ("flags\t: fpu avx2 avx512f avx512cd avx512bw avx512dq avx512vl\n", True),
        ("flags\t: fpu avx2 avx512f avx512cd avx512bw avx512dq\n", False),
        ("flags: avx512f avx512cd avx512bw avx512dq avx512vl\nflags: avx2\n", False),
        ("Features : asimd sve\n", False),
        (None, False),
    ],
)
def test_wide_kernels_are_asked_for_only_where_every_core_has_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cpu_info: str | None, taken: bool
) -> None:
    file = tmp_path / "cpuinfo"
    if cpu_info is not None:
        file.write_text(cpu_info)
    monkeypatch.setattr(thread_settings, "_CPU_INFO", file)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert (environment().get("OPENBLAS_CORETYPE") == "SKYLAKEX") == taken


def test_other_processors_choose_their_kernels_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert "OPENBLAS_CORETYPE" not in environment()


def test_numpy_agrees_and_works_under_these_settings() -> None:
    """What /proc/cpuinfo says is what NumPy finds, and the module itself imports no NumPy."""
    program = (
        "import os, sys; from desktop_app.engine.backends import thread_settings as t;"
        "assert 'numpy' not in sys.modules; os.environ.update(t.environment());"
        "import numpy as np;"
        "f = np._core._multiarray_umath.__cpu_features__;"
        "assert t._has_avx512() <= f['AVX512_SKX'];"
        "print(np.ones((64, 64), 'f') @ np.ones(64, 'f') @ np.ones(64, 'f'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "4096.0"
