"""A full disk, a clock that jumps, a pause in the middle of a step: a run says what is so."""

import errno
import os
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from desktop_app.engine.backends.backend import (
    BrokenOffError,
    LoraSettings,
    Measurement,
    Model,
    Trainer,
    TrainingExample,
)
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.jobs_runner import run_keeper, training_run
from desktop_app.engine.jobs_runner.batch_plan import BatchPlan
from desktop_app.engine.jobs_runner.clock import EvenClock
from desktop_app.engine.jobs_runner.encoding import encode_file, encode_line
from desktop_app.engine.jobs_runner.job_folder import state_path, states, step_of
from desktop_app.engine.jobs_runner.job_life import JobLife
from desktop_app.engine.jobs_runner.lessons import SupervisedLessons
from desktop_app.engine.jobs_runner.settings import PEAK_LEARNING_RATE
from desktop_app.engine.jobs_runner.training_run import TrainingRun
from desktop_app.engine.jobs_runner.worker_log import (
    Done,
    Exported,
    Line,
    LogReader,
    LogWriter,
    Measured,
    NotSaved,
)
from desktop_app.engine.store.database import Database
from desktop_app.engine.store.records import EVENTS, JobRecord
from tests.engine.service.engine_child import example_lines

PLAN = BatchPlan(n_examples=6, batch_size=2, n_epochs=3, seed=4)
LORA = LoraSettings(rank=4, alpha=8)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return NumpyLlamaBackend().load(tiny_model)


def lessons_of(model: Model, trainer: Trainer, n_validation: int = 0) -> SupervisedLessons:
    encoded = [encode_line(model, line.encode()) for line in example_lines(6 + n_validation)]
    return SupervisedLessons(trainer, encoded[:6], encoded[6:])


def go_on(
    model: Model,
    folder: Path,
    *,
    step: int = 0,
    trainer: Trainer | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """Run in a folder from behind a step; whether the end was reached."""
    stop = stop or threading.Event()
    trainer = trainer or model.trainer(LORA, seed=4, broken_off=stop.is_set)
    folder.mkdir(exist_ok=True)
    with closing(LogWriter(folder / "log")) as log:
        lessons = lessons_of(model, trainer)
        run = TrainingRun(trainer, lessons, PLAN, PEAK_LEARNING_RATE, folder, log, stop)
        return run.go_on(step)


def assert_same_as_undisturbed(model: Model, folder: Path) -> None:
    """Compare with a run in a folder beside it."""
    assert go_on(model, folder / "straight")
    adapters = [
        (each / "adapter-00000009" / "adapter_model.safetensors").read_bytes()
        for each in (folder, folder / "straight")
    ]
    assert adapters[0] == adapters[1]


class FullDisk:
    """Stands before the saving of states; full for those whose number is named."""

    def __init__(self, trainer: Trainer, full: set[int], error: int = errno.ENOSPC) -> None:
        self._save = trainer.save_checkpoint
        self._full = full
        self._error = error
        self.tried: list[int] = []
        self.found: list[list[int]] = []
        trainer.save_checkpoint = self.save  # type: ignore[method-assign]  # that is the fault

    def save(self, path: Path) -> None:
        """Save, or not."""
        self.tried.append(step_of(path))
        self.found.append([step_of(state) for state in states(path.parent)])
        if len(self.tried) in self._full:
            raise OSError(self._error, os.strerror(self._error))
        self._save(path)


@pytest.fixture
def saving_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_run, "SAVE_SECONDS", -1.0)


@pytest.mark.usefixtures("saving_always")
def test_two_states_are_kept(model: Model, tmp_path: Path) -> None:
    assert go_on(model, tmp_path)
    assert [step_of(state) for state in states(tmp_path)] == [7, 8]


@pytest.mark.usefixtures("saving_always")
def test_states_that_kills_left_do_not_add_up(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=4)
    for step in range(4):  # each kill came between a state and the removal of one
        trainer.save_checkpoint(state_path(tmp_path, step))
    disk = FullDisk(trainer, set())
    assert go_on(model, tmp_path, trainer=trainer, step=3)
    assert disk.found == [[2, 3], [3, 4], [4, 5], [5, 6], [6, 7]]


@pytest.mark.usefixtures("saving_always")
def test_on_a_full_disk_the_older_state_makes_room(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=4)
    disk = FullDisk(trainer, {8})
    assert go_on(model, tmp_path, trainer=trainer)
    assert disk.tried == [1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert [step_of(state) for state in states(tmp_path)] == [7, 8]
    assert not [each for each in LogReader(tmp_path / "log").lines() if isinstance(each, NotSaved)]


@pytest.mark.usefixtures("saving_always")
def test_a_full_disk_is_told_and_the_run_goes_on(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=4)
    FullDisk(trainer, {5, 6, 7, 8, 9, 10, 11, 12})
    assert go_on(model, tmp_path, trainer=trainer)
    lines = list(LogReader(tmp_path / "log").lines())
    # Told once, and once more after the epoch's model found room at step 6.
    assert [line.step for line in lines if isinstance(line, NotSaved)] == [5, 6]
    assert isinstance(lines[-1], Done)
    assert [step_of(state) for state in states(tmp_path)] == [4]
    assert_same_as_undisturbed(model, tmp_path)


@pytest.mark.usefixtures("saving_always")
def test_what_found_no_room_is_saved_at_the_end_of_an_attempt(model: Model, tmp_path: Path) -> None:
    stop = threading.Event()
    trainer = model.trainer(LORA, seed=4, broken_off=stop.is_set)

    class Filled(FullDisk):
        """A disk that has room again once the run is asked to end."""

        def save(self, path: Path) -> None:
            if len(self.tried) == 1:
                stop.set()
            super().save(path)

    disk = Filled(trainer, {1, 2})
    assert not go_on(model, tmp_path, trainer=trainer, stop=stop)
    assert disk.tried == [1, 1, 1]
    assert [step_of(state) for state in states(tmp_path)] == [1]


@pytest.mark.usefixtures("saving_always")
def test_another_fault_of_the_disk_is_not_hidden(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=4)
    FullDisk(trainer, {2}, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        go_on(model, tmp_path, trainer=trainer)


def test_a_full_disk_tears_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line fits; then there is room again."""
    path = tmp_path / "log"
    writer = LogWriter(path)
    line = Measured(step=1, total_steps=9, at=2.0, seconds_left=8.0, train_loss=0.5)
    writer.write(line)

    class Filling:
        """A file on a disk that fills up in the middle of a line."""

        def __init__(self) -> None:
            self.file = writer._file
            self.left = 10

        def write(self, data: memoryview) -> int:
            if not self.left:
                raise OSError(errno.ENOSPC, "No space left on device")
            taken, self.left = self.left, 0
            return self.file.write(data[:taken])

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

    with monkeypatch.context() as patch:
        patch.setattr(writer, "_file", Filling())
        with pytest.raises(OSError, match="No space"):
            writer.write(line)
    writer.write(line)
    writer.close()
    assert list(LogReader(path).lines()) == [line, line]


@pytest.mark.parametrize("layer_calls", [3, 5, 9, 13])
def test_a_pause_in_the_middle_of_a_step_loses_that_step_alone(
    model: Model, tmp_path: Path, layer_calls: int
) -> None:
    stop, asked = threading.Event(), 0

    def broken_off() -> bool:
        nonlocal asked
        asked += 1
        if asked > layer_calls:
            stop.set()
        return stop.is_set()

    trainer = model.trainer(LORA, seed=4, broken_off=broken_off)
    assert not go_on(model, tmp_path, trainer=trainer, stop=stop)
    told = [each.step for each in LogReader(tmp_path / "log").lines() if isinstance(each, Measured)]
    assert [step_of(state) for state in states(tmp_path)] == told[-1:]
    again = model.trainer(LORA, seed=4)
    step = 0
    for state in states(tmp_path):
        again.load_checkpoint(state)
        step = step_of(state)
    assert go_on(model, tmp_path, trainer=again, step=step)
    assert_same_as_undisturbed(model, tmp_path)


def test_reading_the_examples_can_be_broken_off(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "training.jsonl"
    path.write_text("\n".join(example_lines(5)))
    lines = iter([False, False, True])
    with pytest.raises(BrokenOffError):
        encode_file(model, path, lambda: next(lines))


def test_a_clock_that_jumps_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    clock = EvenClock()
    before = clock.now()
    for jump in (-1e9, 86400.0):
        monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
        assert before <= clock.now() < before + 60


def test_saving_does_not_depend_on_the_time_of_day(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set forward by a day at every look, it would make every step save its state."""
    days = iter(range(10**6))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 86400.0 * next(days))
    assert go_on(model, tmp_path)
    assert states(tmp_path) == []


def test_events_stay_in_order_when_the_clock_is_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path / "store.sqlite")
    life = JobLife(database)
    now = [2_000_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    life.create(JobRecord("ftjob-1", int(now[0]), "base", "file-1", seed=0))
    now[0] -= 86400
    life.validated("ftjob-1", 12)
    life.measured("ftjob-1", Measured(1, 9, now[0], 5.0, train_loss=1.0))
    cancelled = life.cancel("ftjob-1")
    with database.reading() as connection:
        times = [event.created_at for event in EVENTS.all(connection, "ftjob-1")]
    assert times == [2_000_000_000] * 5
    assert cancelled.finished_at == 2_000_000_000
    database.close()


class NoRoom:
    """Stands before the writing of adapters; no room for those whose number is named."""

    def __init__(self, trainer: Trainer, full: set[int]) -> None:
        self._export = trainer.export_adapter
        self._full = full
        self.tried: list[str] = []
        trainer.export_adapter = self.export  # type: ignore[method-assign]  # that is the fault

    def export(self, folder: Path) -> None:
        """Write, or not; half of it may be there then."""
        self.tried.append(folder.name)
        if len(self.tried) in self._full:
            folder.mkdir(exist_ok=True)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._export(folder)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_keeper, "RETRY_SECONDS", 0.0)


@pytest.mark.usefixtures("hasty")
def test_an_epochs_model_that_finds_no_room_is_done_without(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=4)
    disk = NoRoom(trainer, {1})
    assert go_on(model, tmp_path, trainer=trainer)
    assert disk.tried == ["adapter-00000003", "adapter-00000006", "adapter-00000009"]
    lines = list(LogReader(tmp_path / "log").lines())
    assert [line.step for line in lines if isinstance(line, NotSaved)] == [3]
    assert [line.step for line in lines if isinstance(line, Exported)] == [6]
    assert not (tmp_path / "adapter-00000003").exists()
    assert_same_as_undisturbed(model, tmp_path)


@pytest.mark.usefixtures("hasty")
def test_the_model_at_the_end_waits_for_room(model: Model, tmp_path: Path) -> None:
    trainer = model.trainer(LORA, seed=4)
    disk = NoRoom(trainer, set(range(3, 8)))
    assert go_on(model, tmp_path, trainer=trainer)
    assert disk.tried == [f"adapter-{step:08}" for step in (3, 6, *[9] * 6)]
    lines = list(LogReader(tmp_path / "log").lines())
    assert [line.step for line in lines if isinstance(line, NotSaved)] == [9]
    assert isinstance(lines[-1], Done)
    assert_same_as_undisturbed(model, tmp_path)


@pytest.mark.usefixtures("hasty")
def test_patience_with_a_full_disk_has_an_end(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_keeper, "ROOM_SECONDS", 0.05)
    trainer = model.trainer(LORA, seed=4)
    NoRoom(trainer, set(range(3, 10**6)))
    with pytest.raises(OSError, match="No space"):
        go_on(model, tmp_path, trainer=trainer)


@pytest.mark.usefixtures("hasty")
def test_a_pause_while_the_end_waits_for_room_loses_nothing(model: Model, tmp_path: Path) -> None:
    stop = threading.Event()
    trainer = model.trainer(LORA, seed=4, broken_off=stop.is_set)
    disk = NoRoom(trainer, set(range(3, 10**6)))
    export = trainer.export_adapter

    def stop_at_the_end(folder: Path) -> None:
        if len(disk.tried) == 4:
            stop.set()
        export(folder)

    trainer.export_adapter = stop_at_the_end  # type: ignore[method-assign]  # that is the fault
    assert not go_on(model, tmp_path, trainer=trainer, stop=stop)
    assert [step_of(state) for state in states(tmp_path)] == [9]
    assert not (tmp_path / "adapter-00000009").exists()
    again = model.trainer(LORA, seed=4)
    again.load_checkpoint(states(tmp_path)[-1])
    assert go_on(model, tmp_path, trainer=again, step=9)
    assert_same_as_undisturbed(model, tmp_path)


@pytest.mark.usefixtures("hasty")
def test_a_line_that_finds_no_room_waits_for_it(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, times = LogWriter.write, iter([True, True, True])

    def sometimes(self: LogWriter, line: Line) -> None:
        if isinstance(line, Measured) and line.step == 4 and next(times, False):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        write(self, line)

    monkeypatch.setattr(LogWriter, "write", sometimes)
    assert go_on(model, tmp_path)
    told = [each.step for each in LogReader(tmp_path / "log").lines() if isinstance(each, Measured)]
    assert told == list(range(1, 10))


def test_a_state_is_saved_before_the_next_step_would_be_over_too_late(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of 12 seconds: two of them fit into half a minute, and a third would not."""
    now = [1000.0]
    trainer = model.trainer(LORA, seed=4)
    step, save, saved = trainer.step, trainer.save_checkpoint, []

    def slow(batch: Sequence[TrainingExample], rate: float) -> Measurement:
        now[0] += 12
        return step(batch, rate)

    def noted(path: Path) -> None:
        saved.append(step_of(path))
        save(path)

    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(trainer, "step", slow)
    monkeypatch.setattr(trainer, "save_checkpoint", noted)
    assert go_on(model, tmp_path, trainer=trainer)
    assert saved == [2, 4, 6, 8]
