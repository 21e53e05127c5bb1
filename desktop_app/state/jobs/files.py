"""The files that are sent to a service: written for one submission, and gone after it."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from desktop_app.background.call import BlockingWork
from desktop_app.core.examples.conversation import Conversation
from desktop_app.core.jobs.job import DPO, SUPERVISED
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split, Version
from desktop_app.storage.training_files import write_training_file


@dataclass(frozen=True)
class JobFiles:
    """Training and test file of one submission; `test` is None where none is sent.

    `method` is the one that learns from what most training examples are.
    `version` is that of the set, as it was when they were written.
    """

    training: Path
    n_training: int
    test: Path | None
    n_test: int
    version: Version
    method: str = SUPERVISED


def writer(
    project_path: Path, submission: str, version_name: str, *, with_test: bool
) -> BlockingWork:
    """Return the work that writes the files and returns JobFiles.

    `version_name` is for the version of the set that it keeps, unless the newest is the same.
    Raises ProjectError and OSError.
    """

    def work(_report: Callable[[object], None], should_stop: Callable[[], bool]) -> JobFiles:
        _folder(submission).mkdir(mode=0o700)
        try:
            return _write(project_path, submission, version_name, should_stop, with_test=with_test)
        except BaseException:
            # Who stopped this may have removed the folder before it was made.
            remove_files(submission)
            raise

    return work


def _write(
    project_path: Path,
    submission: str,
    version_name: str,
    should_stop: Callable[[], bool],
    *,
    with_test: bool,
) -> JobFiles:
    training, test = _folder(submission) / "training.jsonl", _folder(submission) / "test.jsonl"
    n_test = 0
    with closing(Project.open(project_path, shared=True)) as project:
        version = project.save_version(version_name)
        kinds = Counter[bool]()
        examples = _counted(_of(project, Split.TRAINING), kinds)
        n_training = write_training_file(training, examples, should_stop)
        if with_test:
            n_test = write_training_file(test, _of(project, Split.TEST), should_stop)
    method = DPO if kinds[True] > kinds[False] else SUPERVISED
    return JobFiles(training, n_training, test if n_test else None, n_test, version, method)


def remove_files(submission: str) -> None:
    """Delete what was written for a submission, by this run of the program or an earlier one."""
    shutil.rmtree(_folder(submission), ignore_errors=True)


def _folder(submission: str) -> Path:
    """Nobody can foresee the UUID, and so nobody can put something else there before."""
    return Path(tempfile.gettempdir(), f"exemplar-{submission}")


def _counted(examples: Iterator[Conversation], kinds: Counter[bool]) -> Iterator[Conversation]:
    """Pass examples on, and note of each whether it has two replies to compare."""
    for example in examples:
        kinds[example.is_preference] += 1
        yield example


def _of(project: Project, split: Split) -> Iterator[Conversation]:
    return (conversation for _, conversation in project.as_trained(split))
