import base64
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from desktop_app.core.jobs.job import (
    DPO,
    SUBMISSION_KEY,
    Hyperparameters,
    Job,
    JobEvent,
    JobRequest,
    Metrics,
)
from desktop_app.provider.openai_provider import OpenAIProvider
from desktop_app.provider.provider import Capabilities, ErrorKind, ModelInfo, ProviderError
from tests.provider.conftest import KEY, Ask
from tests.provider.scripted_service import Answer, ScriptedService, error

JOBS = "/v1/fine_tuning/jobs"
REQUEST = JobRequest(model="gpt-4.1-mini", training_file="file-1", submission="uuid-1")


def job(**other: object) -> dict[str, object]:
    sent = {"id": "ftjob-1", "object": "fine_tuning.job", "model": "m", "created_at": 5}
    return {**sent, "status": "queued", **other}


def listing(*items: object, more: bool = False) -> Answer:
    return Answer({"object": "list", "data": list(items), "has_more": more})


def event(number: int, **other: object) -> dict[str, object]:
    return {"id": f"ev-{number}", "created_at": number, "level": "info", "message": "m", **other}


def test_models_with_all_and_with_hardly_anything(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[list[ModelInfo]]
) -> None:
    full = {"id": "a", "owned_by": "openai", "created": 7, "shutdown_date": "2027-01-14"}
    service.on("GET /v1/models", listing(full, {"id": "b", "created": None}, {"no": "id"}, "x"))
    assert ask(provider.models()) == [
        ModelInfo("a", "openai", 7, "2027-01-14"),
        ModelInfo("b"),
    ]
    service.on("GET /v1/models", Answer({"object": "list", "data": None}))
    assert ask(provider.models()) == []


def test_an_upload_streams_the_file_and_tells_how_far_it_is(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[str], tmp_path: Path
) -> None:
    path = tmp_path / "Überblick.jsonl"
    path.write_bytes(b'{"messages": []}\n' * 20_000)
    service.on("POST /v1/files", Answer({"id": "file-9"}))
    seen: list[tuple[int, int]] = []
    assert ask(provider.upload(path, lambda sent, total: seen.append((sent, total)))) == "file-9"
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert len(seen) > 3
    assert seen == sorted(seen)
    [request] = service.requests
    assert path.read_bytes() in request.body
    assert b'name="purpose"\r\n\r\nfine-tune' in request.body
    assert "content-length" in request.headers


def test_what_must_not_happen_twice_is_sent_once(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[object], tmp_path: Path
) -> None:
    (tmp_path / "t.jsonl").write_bytes(b"{}")
    retry = {"x-should-retry": "true"}
    service.on("POST /v1/files", Answer("", 500, retry))
    service.on(f"POST {JOBS}", Answer("", 500, retry))
    for call in (provider.upload(tmp_path / "t.jsonl"), provider.create_job(REQUEST)):
        with pytest.raises(ProviderError) as caught:
            ask(call)
        assert caught.value.kind is ErrorKind.SERVICE_FAULT
    assert len(service.requests) == 2


def test_a_creation_that_is_never_answered_is_sent_once(
    service: ScriptedService, ask: Ask[object]
) -> None:
    async def hang_up(writer: object) -> None:
        pass

    async def create() -> None:
        provider = OpenAIProvider(service.base_url, KEY, Capabilities(), timeout=0.2)
        try:
            await provider.create_job(REQUEST)
        finally:
            await provider.close()

    service.on(f"POST {JOBS}", Answer(write=hang_up))
    with pytest.raises(ProviderError) as caught:
        ask(create())
    assert caught.value.kind is ErrorKind.NO_CONNECTION
    assert len(service.requests) == 1


def test_a_file_that_cannot_be_read_is_refused(
    provider: OpenAIProvider, ask: Ask[str], tmp_path: Path
) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(provider.upload(tmp_path / "gone.jsonl"))
    assert caught.value.kind is ErrorKind.REFUSED
    assert str(tmp_path) not in str(caught.value)


def test_creation_sends_what_was_chosen_and_nothing_else(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job]
) -> None:
    service.on(f"POST {JOBS}", Answer(job()))
    ask(provider.create_job(REQUEST))
    chosen = Hyperparameters(n_epochs=3, learning_rate_multiplier=0.5)
    full = JobRequest("m", "f", "uuid-2", "v", "tone", 0, chosen)
    ask(provider.create_job(full))
    first, second = (request.json for request in service.requests)
    assert first == {
        "model": "gpt-4.1-mini",
        "training_file": "file-1",
        "method": {"type": "supervised", "supervised": {"hyperparameters": {}}},
        "metadata": {SUBMISSION_KEY: "uuid-1"},
    }
    assert second["validation_file"] == "v"
    assert second["suffix"] == "tone"
    assert second["seed"] == 0
    assert second["method"]["supervised"]["hyperparameters"] == {
        "n_epochs": 3,
        "learning_rate_multiplier": 0.5,
    }


@pytest.mark.parametrize(
    ("beta", "sent"), [(None, {"n_epochs": 3}), (0.25, {"n_epochs": 3, "beta": 0.25})]
)
def test_how_near_a_model_stays_is_sent_for_preferences(
    service: ScriptedService,
    provider: OpenAIProvider,
    ask: Ask[Job],
    beta: float | None,
    sent: dict[str, object],
) -> None:
    service.on(f"POST {JOBS}", Answer(job()))
    chosen = Hyperparameters(n_epochs=3, beta=beta)
    asked = JobRequest("m", "f", "uuid-2", hyperparameters=chosen)
    ask(provider.create_job(asked))
    ask(provider.create_job(msgspec.structs.replace(asked, method=DPO)))
    supervised, compared = (request.json["method"] for request in service.requests)
    assert supervised["supervised"]["hyperparameters"] == {"n_epochs": 3}
    assert compared == {"type": "dpo", "dpo": {"hyperparameters": sent}}


def test_a_closed_platform_says_so_at_creation(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job]
) -> None:
    service.on(f"POST {JOBS}", error(403, "winding down", "training_not_available"))
    with pytest.raises(ProviderError) as caught:
        ask(provider.create_job(REQUEST))
    assert caught.value.kind is ErrorKind.TRAINING_CLOSED


def test_our_job_is_found_by_the_filter(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job | None]
) -> None:
    service.on(f"GET {JOBS}", listing(job(metadata={SUBMISSION_KEY: "uuid-1"})))
    found = ask(provider.find_job("uuid-1"))
    assert found is not None
    assert found.id == "ftjob-1"
    [request] = service.requests
    assert f"metadata%5B{SUBMISSION_KEY}%5D=uuid-1" in request.query


def test_our_job_is_found_where_the_filter_is_not_understood(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job | None]
) -> None:
    others = [job(id=f"ftjob-{n}", metadata=None) for n in range(100)]
    ours = job(id="ours", metadata={SUBMISSION_KEY: "uuid-1", "n": 1})
    service.on(f"GET {JOBS}", listing(), listing(*others, more=True), listing(ours))
    found = ask(provider.find_job("uuid-1"))
    assert found is not None
    assert found.id == "ours"
    assert "after=ftjob-99" in service.requests[-1].query


def test_the_search_ends_where_there_is_no_such_job(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job | None]
) -> None:
    # A service without paging sends the same page for ever.
    service.on(f"GET {JOBS}", Answer({"data": [job(id="a"), job(id="b")]}))
    assert ask(provider.find_job("uuid-1")) is None
    assert len(service.requests) <= 4


@pytest.mark.usefixtures("hasty")
def test_a_search_that_fails_is_not_an_answer(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job | None]
) -> None:
    service.on(f"GET {JOBS}", listing(), Answer("", 500))
    with pytest.raises(ProviderError) as caught:
        ask(provider.find_job("uuid-1"))
    assert caught.value.kind is ErrorKind.SERVICE_FAULT


def test_events_come_oldest_first_and_only_the_new_ones(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[list[JobEvent]]
) -> None:
    metrics = {"step": 3, "total_steps": 9, "train_loss": 0.5, "valid_loss": -1, "more": "x"}
    page = listing(event(3, type="metrics", data=metrics), event(2, data=None), more=True)
    service.on(f"GET {JOBS}/ftjob-1/events", page, listing(event(1), event(0)))
    events = ask(provider.events("ftjob-1", frozenset()))
    assert [each.id for each in events] == ["ev-0", "ev-1", "ev-2", "ev-3"]
    assert events[3].metrics == Metrics(step=3, total_steps=9, train_loss=0.5)
    assert events[2].metrics is None
    service.requests.clear()
    service.on(f"GET {JOBS}/ftjob-1/events", page)
    assert [e.id for e in ask(provider.events("ftjob-1", frozenset({"ev-2"})))] == ["ev-3"]
    assert len(service.requests) == 1


def test_events_of_one_second_keep_their_order(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[list[JobEvent]]
) -> None:
    service.on(
        f"GET {JOBS}/j/events", listing(*({"id": x, "created_at": 5} for x in ("c", "b", "a")))
    )
    assert [each.id for each in ask(provider.events("j", frozenset()))] == ["a", "b", "c"]


def test_a_service_may_have_no_events_no_checkpoints_and_no_pause(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[object]
) -> None:
    service.on(f"GET {JOBS}/j/checkpoints", Answer("", 405))
    assert ask(provider.events("j", frozenset())) == []
    assert ask(provider.checkpoints("j")) == []
    for call in (provider.pause("j"), provider.resume("j")):
        with pytest.raises(ProviderError) as caught:
            ask(call)
        assert caught.value.kind is ErrorKind.NOT_OFFERED


def test_checkpoints_come_oldest_first(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Any]
) -> None:
    def checkpoint(step: int) -> dict[str, object]:
        model = {"fine_tuned_model_checkpoint": f"ft:{step}", "step_number": step}
        return {"id": f"c{step}", "created_at": 1, **model, "metrics": {"full_valid_loss": 0.25}}

    service.on(f"GET {JOBS}/j/checkpoints", listing(checkpoint(20), checkpoint(10)))
    kept = ask(provider.checkpoints("j"))
    assert [(each.step, each.model) for each in kept] == [(10, "ft:10"), (20, "ft:20")]
    assert kept[0].metrics == Metrics(full_valid_loss=0.25)


def test_a_job_is_stopped_halted_and_resumed(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job]
) -> None:
    for verb, status in (("cancel", "cancelled"), ("pause", "paused"), ("resume", "queued")):
        service.on(f"POST {JOBS}/j/{verb}", Answer(job(status=status)))
        assert ask(getattr(provider, verb)("j")).status == status


@pytest.mark.parametrize("encoded", [False, True])
def test_result_files_come_decoded(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[bytes], *, encoded: bool
) -> None:
    table = b"step,train_loss\n" + b"".join(b"%d,0.5\n" % n for n in range(100))
    sent = base64.encodebytes(table) if encoded else table
    service.on("GET /v1/files/f/content", Answer(sent, headers={"content-type": "text/csv"}))
    assert ask(provider.file_content("f")) == table


@pytest.mark.parametrize("data", [b"", b"stepless", b"AAAA", b'{"messages": []}\n', b"\xff\x00"])
def test_other_files_come_as_they_are(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[bytes], data: bytes
) -> None:
    service.on("GET /v1/files/f/content", Answer(data))
    assert ask(provider.file_content("f")) == data


def test_a_file_is_deleted(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[None]
) -> None:
    service.on("DELETE /v1/files/f", Answer({"id": "f", "deleted": True}))
    ask(provider.delete_file("f"))
    assert len(service.requests) == 1


def test_a_job_as_a_real_service_sends_it(
    service: ScriptedService, provider: OpenAIProvider, ask: Ask[Job]
) -> None:
    sent = job(
        status="succeeded",
        fine_tuned_model="ft:gpt-4.1-mini:org:tone:abc",
        finished_at=9,
        trained_tokens=4480,
        hyperparameters={"n_epochs": 3, "batch_size": 1, "learning_rate_multiplier": 1.8},
        result_files=["file-r", None],
        error={"code": None, "message": None, "param": None},
        seed=42,
        user_provided_suffix="tone",
    )
    service.on(f"GET {JOBS}/ftjob-1", Answer(json.loads(json.dumps(sent))))
    found = ask(provider.job("ftjob-1"))
    assert found.is_finished
    assert found.error is None
    assert found.result_files == ("file-r",)
    assert found.hyperparameters == Hyperparameters(3, 1, 1.8)
    assert (found.trained_tokens, found.seed, found.finished_at) == (4480, 42, 9)
