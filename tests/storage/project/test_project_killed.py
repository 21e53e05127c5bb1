"""A program killed in the middle of saving loses nothing that it had said to be saved."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter

EDITING_KILLS, IMPORT_KILLS, LONG_IMPORT_KILLS = 90, 85, 25
LIFE_S = {"edit": (0.0, 0.12), "import": (0.0, 0.12), "long import": (0.05, 0.4)}
EACH_IMPORT = 300

# Children are forked from a program that has everything loaded: 200 starts would take minutes.
VICTIMS = """
import json, os, random, signal, sys, time
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.imported import Imported
from desktop_app.storage.project import finishing
from desktop_app.storage.project.database import Database
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

def talk(n):
    return Conversation((Message("user", str(n)), Message("assistant", "x" * (n % 5000))))

def edit(project, tell):
    first = project.ids()[0]
    for n in count(int(project.conversation(first).messages[0].text) + 1):
        project.replace(first, talk(n))
        if n % 2:
            project.set_note(first, str(n))
        if n % 5 == 0:
            project.set_split([first], Split(n // 5 % 2))
            project.set_tag([first], "billing", on=bool(n // 5 % 2))
        if n % 7 == 0:
            project.add([talk(n)])
        if n % 25 == 0:
            project.save_version(str(n))
        if n % 50 == 0:
            project.undo()
            project.redo()
        tell(n)

def bring_in(project, each, tell):
    items = (Imported(talk(n), n, ("returns",), notes=str(n)) for n in count())
    for n in count(project.counts().conversations // 300 + 1):
        project.import_conversations(
            islice(items, each), source="", test_share=0.1, stop=lambda: False,
            progress=lambda _: None,
        )
        tell(n)

def die_after(n, path, tell):
    # Kills this process when so many transactions of an import are written; 0: tells how many.
    project = Project.open(path)
    whole, done = Database.transaction, count(1)
    @contextmanager
    def counted(database):
        with whole(database) as connection:
            yield connection
        if next(done) == n:
            os.kill(os.getpid(), signal.SIGKILL)
    Database.transaction = counted
    finishing.AT_ONCE = 50
    items = (Imported(talk(n), n, ("returns",), notes=str(n)) for n in range(300))
    project.import_conversations(
        items, source="", test_share=0.1, stop=lambda: False, progress=lambda _: None
    )
    tell(next(done) - 1)

def live(work, path, tell):
    if work.startswith("after"):
        die_after(int(work.removeprefix("after")), path, tell)
        os._exit(0)
    project = Project.open(path)
    if work == "edit":
        edit(project, tell)
    bring_in(project, 300 if work == "import" else None, tell)

for order in sys.stdin:
    work, path, seconds = json.loads(order)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            live(work, Path(path), lambda n: os.write(writing, b"%d\\n" % n))
        except BaseException as error:
            os.write(writing, b"%r\\n" % error)
        os._exit(1)
    os.close(writing)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with open(reading, "rb") as told:
        print(json.dumps(told.read().decode().split()), flush=True)
"""


class Victims:
    """Programs that write to a project until they are killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._draw = random.Random(7)
        self.killed = 0

    def kill_one(self, work: str, path: Path) -> list[int]:
        """Let one work for a moment, kill it, and return what it had said to be saved."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # What is not in the table dies, or ends, by itself.
        life = self._draw.uniform(*LIFE_S[work]) if work in LIFE_S else None
        order = [work, str(path), life]
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self.killed += 1
        return [int(said) for said in json.loads(self._process.stdout.readline())]


@pytest.fixture
def victims() -> Iterator[Victims]:
    if sys.platform == "win32":
        pytest.skip("nothing is forked there, and 200 starts take too long")
    with subprocess.Popen(
        [sys.executable, "-c", VICTIMS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Victims(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.exemplar"
    project = Project.create(path)
    project.add([Conversation((Message("user", "0"), Message("assistant", "x")))])
    project.close()
    return path


def assert_sound(project: Project) -> None:
    assert project._database.rows("PRAGMA integrity_check") == [("ok",)]
    assert project._database.rows("PRAGMA foreign_key_check") == []


def test_kills_in_the_middle_of_editing(victims: Victims, path: Path) -> None:
    said: set[int] = set()
    reported = lost = 0
    for _ in range(EDITING_KILLS):
        said.update(victims.kill_one("edit", path))
        reported = max([reported, *said])
        project = Project.open(path)
        first = project.ids()[0]
        saved = int(project.conversation(first).messages[0].text)
        # The last may have been on disk already, and not yet said to be.
        lost += not reported <= saved <= reported + 1
        added = {int(c.messages[0].text) for _, c in project.conversations()}
        lost += not {n for n in said if n % 7 == 0} <= added
        lost += int(project.note(first) or 0) < max([0, *(n for n in said if n % 2)])
        versions = {int(version.name) for version in project.versions()}
        lost += not {n for n in said if n % 25 == 0} <= versions
        assert_sound(project)
        project.close()
        reported = max(reported, saved)
    print(f"killed while editing: {victims.killed}, edits saved: {reported}, states lost: {lost}")
    assert reported > EDITING_KILLS
    assert lost == 0


def test_kills_between_and_during_imports(victims: Victims, path: Path) -> None:
    reported = lost = 0
    for _ in range(IMPORT_KILLS):
        reported = max([reported, *victims.kill_one("import", path)])
        project = Project.open(path)
        n = project.counts().conversations - 1
        lost += n % EACH_IMPORT != 0 or not reported <= n // EACH_IMPORT <= reported + 1
        entry = project.undo_entry()
        assert entry is not None
        lost += n > 0 and (entry.label, entry.count) != ("import", EACH_IMPORT)
        lost += len(project.ids(Filter(tag="returns"))) != n
        assert_sound(project)
        project.close()
        reported = max(reported, n // EACH_IMPORT)
    print(f"killed while importing: {victims.killed}, imports: {reported}, states lost: {lost}")
    assert reported > 5
    assert lost == 0


def test_kills_in_the_middle_of_a_long_import(victims: Victims, path: Path) -> None:
    seen = 0
    for _ in range(LONG_IMPORT_KILLS):
        assert victims.kill_one("long import", path) == []
        project = Project.open(path)
        assert project.counts().conversations == 1
        entry = project.undo_entry()
        assert entry is not None
        assert entry.label == "add"
        seen += project._database.rows("SELECT count(*) FROM body")[0][0] > 1
        assert_sound(project)
        project.close()
    print(f"killed in a long import: {victims.killed}, {seen} of them after a first batch")
    assert seen > LONG_IMPORT_KILLS // 3


def test_kills_between_the_transactions_of_an_import(victims: Victims, path: Path) -> None:
    before = path.read_bytes()
    (n_transactions,) = victims.kill_one("after 0", path)
    # A batch, the step, six parts and the end.
    assert n_transactions == 9
    found = []
    for n in range(1, n_transactions + 1):
        copy = path.with_name(f"{n}.exemplar")
        copy.write_bytes(before)
        assert victims.kill_one(f"after {n}", copy) == []
        project = Project.open(copy)
        found.append(project.counts().conversations - 1)
        assert len(project.ids(Filter(tag="returns"))) == found[-1]
        assert_sound(project)
        assert project._database.rows("SELECT count(*) FROM history WHERE undone = 3") == [(0,)]
        project.undo()
        assert project.counts().conversations == (1 if found[-1] else 0)
        project.redo()
        assert project.counts().conversations == found[-1] + 1
        project.close()
    assert found == [0] + [EACH_IMPORT] * (n_transactions - 1)
