"""The lines between worker and service."""

from pathlib import Path

import pytest

from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    Line,
    LogReader,
    LogWriter,
    Measured,
    Refused,
    Started,
    Unusable,
    attempts,
    next_attempt,
)

LINES: list[Line] = [
    Started(step=0, total_steps=9, at=1.0, skipped_examples=2),
    Measured(step=1, total_steps=9, at=2.0, seconds_left=8.0, train_loss=0.1 + 0.2),
    Exported(step=3, at=3.0),
    Refused(example=4, file="training_file"),
    Unusable(why="It is too large."),
    Done(step=9, at=4.0, trained_tokens=10**12, tokens_per_second=None),
]


def test_lines_come_as_they_went(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "log")
    for line in LINES:
        writer.write(line)
    writer.sync()
    writer.close()
    assert list(LogReader(tmp_path / "log").lines()) == LINES


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "log")
    assert list(reader.lines()) == []
    writer = LogWriter(tmp_path / "log")
    for line in LINES:
        writer.write(line)
        assert list(reader.lines()) == [line]
        assert list(reader.lines()) == []
    writer.close()


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_line_is_not_read(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "log"
    writer = LogWriter(path)
    writer.write(LINES[0])
    whole = path.stat().st_size
    writer.write(LINES[1])
    writer.close()
    path.write_bytes(path.read_bytes()[: whole + cut])
    reader = LogReader(path)
    assert list(reader.lines()) == LINES[:1]
    assert list(reader.lines()) == []


def test_every_attempt_has_its_own_file(tmp_path: Path) -> None:
    for number in range(1, 12):
        path = next_attempt(tmp_path)
        path.touch()
        assert path.name == f"attempt-{number:04}.jsonl"
    assert [path.name for path in attempts(tmp_path)][-1] == "attempt-0011.jsonl"
