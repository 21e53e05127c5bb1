"""How the program starts and ends where its surroundings are not as they should be."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop_app.__main__ import main
from desktop_app.app import keep_log, may_be_there

ROOT = Path(__file__).parents[1]


@contextmanager
def bare_logging() -> Iterator[logging.Logger]:
    """Take pytest's handlers off the root logger, and afterwards those of the program."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        yield root
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = handlers


def test_warnings_go_to_the_log(tmp_path: Path) -> None:
    with bare_logging():
        keep_log(tmp_path / "config" / "exemplar.log")
        logging.getLogger("desktop_app").warning("something odd")
    assert "something odd" in (tmp_path / "config" / "exemplar.log").read_text()


def test_a_log_that_cannot_be_kept_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config").write_text("in the way")
    with bare_logging():
        keep_log(tmp_path / "config" / "exemplar.log")
        logging.getLogger("desktop_app").warning("something odd")
    assert "something odd" in capsys.readouterr().err


def test_a_project_that_cannot_be_looked_at_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not may_be_there(tmp_path / "x.exemplar")

    def refuse(_path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    assert may_be_there(tmp_path / "x.exemplar")


def test_it_needs_no_console(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[Path]] = []

    def run(paths: list[Path]) -> int:
        started.append(paths)
        return 0

    monkeypatch.setattr("desktop_app.app.run", run)
    monkeypatch.setattr(sys, "argv", ["exemplar", "shop.exemplar"])
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        assert main() == 0
    assert started == [[Path("shop.exemplar")]]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    program = subprocess.Popen(
        [sys.executable, "-c", TYPED, str(tmp_path / "shop.exemplar")],
        cwd=ROOT,
        env=environment | {"XDG_DATA_HOME": str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "typed\n"
    program.send_signal(number)
    said, _ = program.communicate(timeout=30)
    assert (program.returncode, said) == (0, "last words\n")


TYPED = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from desktop_app import app
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.provider.connections.engine_process import EngineProcess
from desktop_app.state.examples import edited_conversation
from desktop_app.storage.project.project import Project

def no_engine(store, starter_model=None):
    return EngineProcess(store, command=("/bin/false",))

app.EngineProcess = no_engine
edited_conversation.WRITE_AFTER_MS = 600_000
path = Path(sys.argv[1])
project = Project.create(path)
[id] = project.add([Conversation((Message("user", "hello"), Message("assistant", "")))])
project.close()
programs = []

class Watched(app.Program):
    def start(self, paths):
        super().start(paths)
        QTimer.singleShot(0, self.type)

    def type(self):
        self.desk.edited.show(id)
        self.desk.edited.set_text(1, "last words")
        print("typed", flush=True)

app.Program = Watched
status = app.run([path])
project = Project.open(path)
print(project.conversation(id).messages[1].text)
project.close()
sys.exit(status)
"""
