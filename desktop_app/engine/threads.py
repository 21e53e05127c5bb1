"""How many threads the arithmetic may use."""

import psutil


def usable_threads() -> int:
    """Return the physical cores less one, at least one.

    Not all of them: with another busy program on the machine, threads that wait for each other
    make training several times slower, not faster.
    """
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return max(1, cores - 1)
