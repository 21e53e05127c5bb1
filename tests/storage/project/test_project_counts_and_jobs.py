from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.jobs.job import (
    DPO,
    Checkpoint,
    Hyperparameters,
    Job,
    JobEvent,
    JobRequest,
    Metrics,
)
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.jobs import JobRecord
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split

RECORD = JobRecord(
    submission="0b5e",
    name="harbour",
    connection="openai",
    base_url="https://api.openai.com/v1",
    phase="created",
    created_at=100.5,
    request=JobRequest("gpt-4.1-mini", "file-1", "0b5e"),
    job=Job("ftjob-1", "gpt-4.1-mini", "running", 101, metadata={"exemplar_submission": "0b5e"}),
    heard_at=102.0,
    uploaded_files=("file-1",),
    checkpoints=(Checkpoint("c", 103, "ft:m", 10, Metrics(train_loss=0.5)),),
)


def test_settings_of_a_job_are_kept_and_old_records_are_read(project: Project) -> None:
    chosen = Hyperparameters(3, beta=0.25)
    request = JobRequest("m", "f", "0b5e", hyperparameters=chosen, method=DPO)
    record = msgspec.structs.replace(RECORD, request=request)
    project.save_job(record)
    assert project.jobs() == [record]
    old = b'{"n_epochs":3,"batch_size":null,"learning_rate_multiplier":null}'
    assert msgspec.json.decode(old, type=Hyperparameters) == Hyperparameters(3)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project.create(tmp_path / "p.exemplar")
    yield opened
    opened.close()


def talk(text: str) -> Conversation:
    return Conversation((Message("user", text), Message("assistant", "Yes")))


def count_all(project: Project, encoding: str = "o200k_base", page: int = 3) -> int:
    """Count one token a character, page by page; return the number of pages."""
    pages = 0
    while found := project.uncounted(encoding, page):
        pages += 1
        counts = [(id_, revision, len(c.title)) for id_, revision, c in found]
        project.store_counts(encoding, counts)
    return pages


def test_everything_is_counted_once(project: Project) -> None:
    ids = project.add([talk("x" * n) for n in range(1, 11)])
    project.set_split(ids[:4], Split.TEST)
    assert count_all(project) == 4
    assert sorted(project.token_counts("o200k_base", None)) == list(range(1, 11))
    assert sorted(project.token_counts("o200k_base", Split.TEST)) == [1, 2, 3, 4]
    assert list(project.token_counts("cl100k_base", None)) == []
    assert [row.tokens for row in project.rows(ids[:3], "o200k_base")] == [1, 2, 3]
    assert [row.tokens for row in project.rows(ids[:1], "cl100k_base")] == [None]
    assert count_all(project, "cl100k_base", page=100) == 1


def test_a_changed_conversation_is_counted_again(project: Project) -> None:
    ids = project.add([talk("xxx"), talk("yyyy")])
    count_all(project)
    project.replace(ids[0], talk("x"))
    assert [item.id for item in project.uncounted("o200k_base", 9)] == [ids[0]]
    count_all(project)
    project.undo()
    count_all(project)
    project.delete([ids[1]])
    assert list(project.token_counts("o200k_base", None)) == [3]


def test_the_count_of_an_old_text_is_dropped(project: Project) -> None:
    (id_,) = project.add([talk("old")])
    (item,) = project.uncounted("o200k_base", 9)
    project.replace(id_, talk("new and longer"))
    project.store_counts("o200k_base", [(item.id, item.revision, 3), (99, 1, 3)])
    assert list(project.token_counts("o200k_base", None)) == []
    count_all(project)
    assert list(project.token_counts("o200k_base", None)) == [14]


def test_a_worker_counts_beside_the_window(project: Project) -> None:
    worker = Project.open(project.path, shared=True)
    ids = project.add([talk("a"), talk("bb"), talk("ccc")])
    worker.store_counts("e", [(i.id, i.revision, 7) for i in worker.uncounted("e", 2)])
    project.replace(ids[0], talk("changed behind its back"))
    found = worker.uncounted("e", 2)
    assert [item.id for item in found] == [ids[2]]
    worker.store_counts("e", [(i.id, i.revision, 7) for i in found])
    assert [item.id for item in worker.uncounted("e", 2)] == [ids[0]]
    assert count_all(worker, "e") == 1
    assert len(project.token_counts("e", None)) == 3
    worker.close()


def test_jobs_are_kept_by_submission(project: Project) -> None:
    later = msgspec.structs.replace(RECORD, submission="7c1f", created_at=200.0, job=None)
    project.save_job(RECORD)
    project.save_job(later)
    assert project.jobs() == [later, RECORD]
    done = msgspec.structs.replace(RECORD, phase="not_created", note="no credit")
    project.save_job(done)
    assert project.jobs() == [later, done]
    project.delete_job("7c1f")
    project.delete_job("unknown")
    assert project.jobs() == [done]


def test_events_are_kept_once_and_oldest_first(project: Project) -> None:
    project.save_job(RECORD)
    events = [
        JobEvent("e2", 20, "info", "Step 1/9", "metrics", Metrics(step=1, train_loss=2.5)),
        JobEvent("e1", 10, "info", "Created"),
    ]
    project.add_events("0b5e", events)
    project.add_events("0b5e", [*events, JobEvent("e3", 20, "info", "Step 2/9")])
    assert [event.id for event in project.events("0b5e")] == ["e1", "e2", "e3"]
    assert project.events("0b5e")[1] == events[0]
    project.add_events("unknown", events)
    assert project.events("unknown") == []
    project.save_job(RECORD)
    assert len(project.events("0b5e")) == 3, "saving a job again keeps its events"
    project.delete_job("0b5e")
    project.save_job(RECORD)
    assert project.events("0b5e") == []


def test_a_damaged_record_is_said_to_be_so(project: Project) -> None:
    project.save_job(RECORD)
    project._database.rows("UPDATE job SET record = '{}'")
    with pytest.raises(ProjectError) as caught:
        project.jobs()
    assert caught.value.kind is ProjectErrorKind.DAMAGED
