"""Environment for a process that trains or answers; set before it imports NumPy.

Measured on two cores of an AMD EPYC (Zen 5): a second busy process on the machine slows training
on all cores by three times, and on all but one not at all; OpenBLAS's AVX-512 kernels, which some
of its versions do not choose by themselves on AMD, train 1.5 times as fast as those for AVX2;
keeping freed memory within the process saves a tenth of the time, spent on fresh pages.
"""

import platform
from pathlib import Path

import psutil

_AVX512_SKX = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
_CPU_INFO = Path("/proc/cpuinfo")
_KEEP = str(1 << 40)
TEAM = "EXEMPLAR_TEAM"
"""Names how many threads a trainer's team has."""


def environment(threads: int | None = None) -> dict[str, str]:
    """Return the variables to add to a child's environment.

    `threads` defaults to all physical cores but one, and to one where there is but one.
    """
    if threads is None:
        threads = max(1, physical_cores() - 1)
    variables = {
        "OPENBLAS_NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        # Read by glibc alone: numbers are taken from the heap, and the heap is not given back.
        "MALLOC_MMAP_THRESHOLD_": _KEEP,
        "MALLOC_TRIM_THRESHOLD_": _KEEP,
    }
    if _has_avx512():
        variables["OPENBLAS_CORETYPE"] = "SKYLAKEX"
    return variables


def training_environment(threads: int | None = None, team: int | None = None) -> dict[str, str]:
    """Return the variables for a process that trains: OpenBLAS computes in the thread that asks.

    Trainers share out what is learned to a team of threads, which wait asleep, so that it may have
    all physical cores: beside another busy program it slows down by that one's share and no more.
    `threads`, as above, are PyTorch's where there is but one sequence and nothing to share out.
    """
    shared = environment(threads)["OMP_NUM_THREADS"]
    return environment(1) | {"OMP_NUM_THREADS": shared, TEAM: str(team or physical_cores())}


def physical_cores() -> int:
    """Return how many there are, as far as the system tells."""
    return psutil.cpu_count(logical=False) or 1


def _has_avx512() -> bool:
    """Whether the processor and the system have what Skylake-X has.

    Known on Linux alone; elsewhere OpenBLAS chooses, for these kernels would crash without it.
    """
    if platform.machine() != "x86_64":
        return False
    try:
        lines = _CPU_INFO.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = [set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")]
    return bool(flags) and all(core >= _AVX512_SKX for core in flags)
