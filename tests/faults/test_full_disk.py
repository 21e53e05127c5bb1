"""A disk that fills up in the middle of something: told as such, and nothing is lost."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

DISK = 24 << 20
LEAST_FREE = 16 << 10


class Disk:
    """A folder on which there is no more room, until there is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave a few pages: the file's log must be able to begin."""
        with self._filler.open("ab") as file:
            file.write(bytes(shutil.disk_usage(self.folder).free - LEAST_FREE))

    def make_room(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk() -> Iterator[Disk]:
    # Not in pytest's own folder: what is mounted there could not be removed after a crash.
    folder = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    may_mount = sys.platform == "linux" and shutil.which("mount") is not None
    if not may_mount or subprocess.run(mount, check=False, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("needs a small disk, and this user may not mount one")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def talk(n: int) -> Conversation:
    return Conversation((Message("user", f"{n} " + "x" * 1000), Message("assistant", "Yes.")))


def bring_in(project: Project) -> None:
    project.import_conversations(
        (Imported(talk(n), n, ("returns",), notes="from a file") for n in count()),
        source="talks.jsonl",
        test_share=0.1,
        progress=lambda n: None,
        stop=lambda: False,
    )


def refusal(work: Callable[[], object]) -> ProjectErrorKind | None:
    try:
        work()
    except ProjectError as error:
        return error.kind
    return None


def everything(project: Project) -> object:
    ids = project.ids()
    notes = [project.note(id_) for id_ in ids]
    texts = list(project.conversations())
    return texts, project.rows(ids, ""), notes, project.instructions(), project.undo_entry()


def test_while_importing(disk: Disk) -> None:
    path = disk.folder / "p.exemplar"
    with closing(Project.create(path)) as project:
        project.add([talk(n) for n in range(100)])
        before = everything(project)
        with closing(Project.open(path, shared=True)) as worker:
            with pytest.raises(ProjectError) as caught:
                bring_in(worker)
            assert caught.value.kind is ProjectErrorKind.NO_SPACE
        assert everything(project) == before
        project.add([talk(n) for n in range(100)])
    with closing(Project.open(path)) as project:
        assert project.counts().conversations == 200
        rows = project._database.rows("SELECT count(*) FROM conversation")
        assert rows == [(200,)], "nothing of the import is left"
        assert project._database.rows("PRAGMA integrity_check") == [("ok",)]


EDITS: list[Callable[[Project, list[int], int], object]] = [
    lambda project, ids, n: project.add([talk(n)]),
    lambda project, ids, n: project.replace(ids[n % 100], talk(n + 1000), merge_key=""),
    lambda project, ids, n: project.set_note(ids[n % 100], f"{n} " + "y" * 1000),
    lambda project, ids, n: project.set_instructions(SharedInstructions(f"{n} " + "z" * 1000)),
    lambda project, ids, n: project.set_tag(ids, f"tag {n}", on=True),
    lambda project, ids, n: project.set_split(ids, Split(n % 2)),
    lambda project, ids, n: (
        project.join(ids[2 * n : 2 * n + 2]) if n < 50 else project.add([talk(n)])
    ),
    lambda project, ids, n: project.undo() if n % 2 == 0 else project.redo(),
    lambda project, ids, n: project.save_document("chat", str(n), "x", "y" * 1000),
]


@pytest.mark.parametrize("edit", EDITS)
def test_while_editing(disk: Disk, edit: Callable[[Project, list[int], int], object]) -> None:
    path = disk.folder / "p.exemplar"
    clock = count(0, 10)
    with closing(Project.create(path, clock=lambda: float(next(clock)))) as project:
        ids = project.add([talk(n) for n in range(100)])
        for number in range(10):
            project.replace_many([(id_, talk(id_ + number)) for id_ in ids[:40]], label="fix")
        disk.fill()
        before = everything(project)
        for n in range(90):
            kind = refusal(partial(edit, project, ids, n))
            if kind is not None:
                break
            before = everything(project)
        assert kind is ProjectErrorKind.NO_SPACE
        assert everything(project) == before
        disk.make_room()
        edit(project, ids, n)
        after = everything(project)
    with closing(Project.open(path)) as project:
        assert everything(project) == after
        assert project._database.rows("PRAGMA integrity_check") == [("ok",)]


def test_while_a_version_is_saved_or_brought_back(disk: Disk) -> None:
    with closing(Project.create(disk.folder / "p.exemplar")) as project:
        ids = project.add([talk(n) for n in range(100)])
        version = project.save_version("first")
        project.replace_many([(id_, talk(id_ + 500)) for id_ in ids], label="fix")
        disk.fill()
        before = everything(project), project.versions()
        with pytest.raises(ProjectError) as caught:
            project.restore_version(version.id)
        assert caught.value.kind is ProjectErrorKind.NO_SPACE
        assert (everything(project), project.versions()) == before
        disk.make_room()
        project.restore_version(version.id)
        assert project.compare(version.id, None) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_quota(tmp_path: Path) -> None:
    """A limit on the size of files, which the system tells in another way than a full disk."""
    import resource

    with closing(Project.create(tmp_path / "p.exemplar")) as project:
        project.add([talk(n) for n in range(100)])
        before = everything(project)
        held = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, held[1]))
        try:
            with pytest.raises(ProjectError) as caught:
                bring_in(project)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, held)
        assert caught.value.kind is ProjectErrorKind.NO_SPACE
        assert everything(project) == before
        project.add([talk(1)])
        assert project.counts().conversations == 101
