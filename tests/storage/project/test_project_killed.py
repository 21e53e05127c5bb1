"""A program killed in the middle of saving loses nothing that it had said to be saved."""

import random
import subprocess
import sys
import time
from pathlib import Path

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project

WRITER = """
import sys
from pathlib import Path
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project

project = Project.open(Path(sys.argv[1]))
first = project.ids()[0]
start = int(project.conversation(first).messages[0].text)
for n in range(start + 1, start + 100_000):
    talk = Conversation((Message("user", str(n)), Message("assistant", "x" * (n % 5000))))
    project.replace(first, talk)
    if n % 7 == 0:
        project.add([talk])
    if n % 50 == 0:
        project.undo()
        project.redo()
    print(n, flush=True)
"""
IMPORTER = """
import sys
from pathlib import Path
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project

project = Project.open(Path(sys.argv[1]))
talks = (Conversation((Message("user", str(n)),)) for n in range(10_000_000))
project.import_conversations(
    talks, source="", test_share=0, stop=lambda: False, progress=lambda n: print(n, flush=True)
)
"""


def kill_after(script: str, path: Path, seconds: float) -> list[int]:
    """Run a script that opens the project, kill it, and return the numbers that it printed."""
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]
        time.sleep(seconds)
        child.kill()
        lines += child.stdout.readlines()
    return [int(line) for line in lines if line.endswith(b"\n")]


def test_twenty_kills_in_the_middle_of_saving(tmp_path: Path) -> None:
    path = tmp_path / "p.exemplar"
    project = Project.create(path)
    (first,) = project.add([Conversation((Message("user", "0"), Message("assistant", "x")))])
    project.close()
    draw = random.Random(7)
    added: set[int] = set()
    for _ in range(20):
        numbers = kill_after(WRITER, path, draw.uniform(0, 0.05))
        added.update(n for n in numbers if n % 7 == 0)
        project = Project.open(path)
        saved = int(project.conversation(first).messages[0].text)
        # The last may have been on disk already, and not yet said to be.
        assert numbers[-1] <= saved <= numbers[-1] + 1
        assert added <= {int(c.messages[0].text) for _, c in project.conversations()}
        assert project._database.rows("PRAGMA integrity_check") == [("ok",)]
        project.close()


def test_a_kill_in_the_middle_of_an_import(tmp_path: Path) -> None:
    path = tmp_path / "p.exemplar"
    Project.create(path).close()
    for seconds in (0.0, 0.05):
        assert kill_after(IMPORTER, path, seconds)
        project = Project.open(path)
        assert len(project.ids()) == 0
        assert project.undo_entry() is None
        assert project._database.rows("PRAGMA integrity_check") == [("ok",)]
        project.close()
