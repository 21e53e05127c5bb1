import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import active_children

import pytest

from desktop_app.background import helper_process
from desktop_app.background.helper_process import (
    HelperGoneError,
    HelperProcesses,
    helpers_worth_starting,
)
from desktop_app.core.examples.advice import review_lines

LARGE = 3_000_000
"""Characters, more than a pipe holds."""


def never() -> bool:
    return False


def test_batches_come_back_in_order_with_their_answers() -> None:
    batches = [[0] * n for n in range(20)]
    for number in (1, 2):
        with HelperProcesses(len, number) as helpers:
            assert list(helpers.answers(batches, never)) == [(b, len(b)) for b in batches]
            assert len(active_children()) == number
    assert active_children() == []


def test_large_batches_and_answers_do_not_wait_for_each_other() -> None:
    batches = ["a" * LARGE] * 6
    with HelperProcesses(str.upper, 1) as helpers:
        assert sum(len(answer) for _, answer in helpers.answers(batches, never)) == 6 * LARGE


def test_nobody_waits_for_work_that_is_no_longer_wanted() -> None:
    begun = time.monotonic()
    with HelperProcesses(time.sleep, 1) as helpers:
        asked: list[float] = []

        def batches() -> Iterator[float]:
            for _ in range(2):
                asked.append(60)
                yield 60

        assert list(helpers.answers(batches(), lambda: len(asked) == 2)) == []
    assert time.monotonic() - begun < 30
    assert active_children() == []


def test_a_helper_that_dies_is_told() -> None:
    with HelperProcesses(os._exit, 1) as helpers, pytest.raises(HelperGoneError):
        list(helpers.answers([1, 1, 1], never))
    assert active_children() == []


def test_what_a_helper_cannot_do_is_told_without_quoting_it() -> None:
    with (
        HelperProcesses(json.loads, 1) as helpers,
        pytest.raises(HelperGoneError, match=r"^JSONDecodeError$"),
    ):
        list(helpers.answers(["{}", "no json"], never))


def test_a_helper_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_method: str) -> None:
        raise OSError

    monkeypatch.setattr(helper_process, "get_context", refused)
    with pytest.raises(HelperGoneError), HelperProcesses(len, 2):
        pass


def test_one_core_is_left_to_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, expected in ((None, 1), (1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert helpers_worth_starting() == expected


def test_helpers_load_no_qt() -> None:
    names = f"{helper_process.__name__}, {review_lines.__name__}"
    code = f"import sys, {names}; sys.exit('PySide6' in sys.modules or 'sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
