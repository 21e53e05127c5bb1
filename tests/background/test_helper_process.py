import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import active_children

import pytest

from desktop_app.background import helper_process
from desktop_app.background.helper_process import (
    Helper,
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


def test_one_that_is_ready_takes_and_makes_more_than_a_pipe_holds() -> None:
    helper: Helper[str, str] = Helper(str.upper)
    try:
        assert helper.is_ready(60)
        assert not helper.has_answered()
        for _ in range(3):
            helper.ask("a" * LARGE)
        assert helper.n_unanswered == 3
        for _ in range(3):
            assert helper.waits_for_answer(never)
            assert helper.answer() == "A" * LARGE
        assert helper.n_unanswered == 0
    finally:
        helper.end()
    assert active_children() == []


def test_one_that_never_gets_ready_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper_process, "serve", print)
    helper: Helper[str, str] = Helper(str.upper)
    try:
        with pytest.raises(HelperGoneError, match="has ended"):
            helper.is_ready(60)
    finally:
        helper.end()


def test_one_is_ended_in_whatever_state_it_is() -> None:
    helper: Helper[float, None] = Helper(time.sleep)
    assert helper.is_ready(60)
    helper.ask(60)
    os.kill(helper._process.pid or 0, getattr(signal, "SIGSTOP", signal.SIGTERM))
    helper.end()
    assert active_children() == []


def test_what_a_helper_cannot_do_is_told_without_quoting_it() -> None:
    with (
        HelperProcesses(json.loads, 1) as helpers,
        pytest.raises(HelperGoneError, match=r"failed: JSONDecodeError$"),
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
