"""Lists of jobs, events and checkpoints: pages, filters, places that are not there."""

from typing import Any

import pytest
from openai import BadRequestError, NotFoundError
from openai.types.fine_tuning import FineTuningJob

from tests.engine.service.engine_child import MODEL, Engine, example_lines

METADATA: list[dict[str, str] | None] = [
    {"a": "1"},
    {"a": "1", "b": "2"},
    {"a": "2"},
    None,
    {},
]


@pytest.fixture(scope="module")
def jobs(engine: Engine) -> list[str]:
    """Jobs in the order in which they came, one a line of METADATA; they fail at once."""
    file = engine.upload(example_lines(1))
    made = []
    for metadata in METADATA:
        job = engine.client.fine_tuning.jobs.create(
            model=MODEL, training_file=file, metadata=metadata
        )
        made.append(engine.when(job.id, {"failed"}).id)
    return made


@pytest.fixture(scope="module")
def trained(engine: Engine, jobs: list[str]) -> FineTuningJob:
    """A job with three checkpoints; it comes after the others."""
    assert jobs
    job = engine.job(example_lines(12), hyperparameters={"n_epochs": 3}, metadata={"last": "x"})
    return engine.finished(job.id)


def listed(engine: Engine, **query: str) -> tuple[list[str], bool]:
    """Ask for a page of jobs by its bare query."""
    page: Any = engine.client.get(
        "/fine_tuning/jobs", cast_to=object, options={"params": {"limit": "20"} | query}
    )
    return [job["id"] for job in page["data"]], page["has_more"]


def test_pages_of_jobs(engine: Engine, jobs: list[str]) -> None:
    first, second, third, fourth, fifth = jobs
    assert listed(engine, limit="2") == ([fifth, fourth], True)
    assert listed(engine, limit="2", after=fourth) == ([third, second], True)
    assert listed(engine, limit="2", after=second) == ([first], False)
    assert listed(engine, after=first) == ([], False)
    assert listed(engine, after="")[0] == jobs[::-1]
    assert [job.id for job in engine.client.fine_tuning.jobs.list(limit=2)] == jobs[::-1]


def test_jobs_by_metadata(engine: Engine, jobs: list[str]) -> None:
    first, second, third, fourth, fifth = jobs
    assert listed(engine, **{"metadata[a]": "1"}) == ([second, first], False)
    assert listed(engine, **{"metadata[a]": "1", "limit": "1"}) == ([second], True)
    assert listed(engine, **{"metadata[a]": "1", "metadata[b]": "2"}) == ([second], False)
    assert listed(engine, **{"metadata[a]": "2", "metadata[b]": "2"}) == ([], False)
    assert listed(engine, metadata="null") == ([fifth, fourth], False)
    assert listed(engine, metadata="null", after=fifth) == ([fourth], False)
    found = engine.client.fine_tuning.jobs.list(metadata={"a": "2"})
    assert [job.id for job in found] == [third]


@pytest.mark.parametrize(
    "query",
    [
        {"metadata": "nothing"},
        {"metadata": "null", "metadata[a]": "1"},
        {f"metadata[{number}]": "x" for number in range(17)},
    ],
)
def test_filters_that_cannot_be(engine: Engine, query: dict[str, str]) -> None:
    with pytest.raises(BadRequestError) as caught:
        listed(engine, **query)
    assert caught.value.param == "metadata"


def test_pages_of_events_and_checkpoints(engine: Engine, trained: FineTuningJob) -> None:
    jobs = engine.client.fine_tuning.jobs
    events = jobs.list_events(trained.id, limit=100).data
    page = jobs.list_events(trained.id, limit=2, after=events[3].id)
    assert (page.data, page.has_more) == (events[4:6], True)
    assert not jobs.list_events(trained.id, after=events[-1].id).data
    checkpoints = jobs.checkpoints.list(trained.id).data
    assert len(checkpoints) == 3
    after = jobs.checkpoints.list(trained.id, limit=1, after=checkpoints[0].id)
    assert (after.data, after.has_more) == (checkpoints[1:2], True)
    assert list(jobs.checkpoints.list(trained.id, limit=1)) == checkpoints


@pytest.mark.parametrize(
    "path",
    [
        "/files",
        "/fine_tuning/jobs",
        "/fine_tuning/jobs/{job}/events",
        "/fine_tuning/jobs/{job}/checkpoints",
    ],
)
def test_a_place_that_is_not_there(engine: Engine, trained: FineTuningJob, path: str) -> None:
    """An id of another list is no place in this one either."""
    for after in ("unknown", trained.training_file if "jobs" in path else trained.id):
        with pytest.raises(NotFoundError) as caught:
            engine.client.get(
                path.format(job=trained.id), cast_to=object, options={"params": {"after": after}}
            )
        assert caught.value.param == "after"
