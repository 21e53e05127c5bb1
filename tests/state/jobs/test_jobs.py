import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.jobs.job import SUBMISSION_KEY
from desktop_app.state.jobs.files import remove_files, writer
from desktop_app.state.jobs.plan import TunedModel
from desktop_app.storage.project.rows import Split
from tests.provider.scripted_service import error
from tests.state.edits import delete, set_split
from tests.state.jobs.job_bench import SERVICE, Bench, conversations

replace = msgspec.structs.replace


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path, monkeypatch) as bench:
        yield bench


def lines(body: bytes) -> list[dict[str, object]]:
    """The JSONL lines in a multipart body."""
    return [json.loads(line) for line in body.splitlines() if line.startswith(b"{")]


def test_a_job_from_the_examples_to_the_model(bench: Bench) -> None:
    submission = bench.submit()
    assert bench.on_disk()[0].phase == "preparing"
    job_id = bench.until_created(submission)
    sent = bench.service.created[0].json
    assert sent["metadata"] == {SUBMISSION_KEY: submission}
    assert (sent["model"], sent["suffix"], sent["seed"]) == ("base", "harbour-voice", 5)
    assert sent["method"]["supervised"]["hyperparameters"] == {"n_epochs": 3}
    training, test = bench.service.files[sent["training_file"]], bench.service.files["file-2"]
    assert sent["validation_file"] == "file-2"
    assert len(lines(training)) == 12
    assert lines(test)[0]["messages"] == [
        {"role": "user", "content": "question 12"},
        {"role": "assistant", "content": "réponse 12"},
    ]
    assert "réponse 0".encode() in training
    assert b"\xef\xbb\xbf" not in training

    bench.service.jobs[job_id]["status"] = "running"
    bench.service.say(job_id, "Step 1/6", step=1, total_steps=6, train_loss=2.0)
    bench.service.keep(job_id, 2, "ft:one:ckpt-step-2")
    bench.until(lambda: len(bench.record(submission).checkpoints) == 1)
    assert bench.jobs.active_count == 1
    assert not bench.jobs.running_on_this_computer
    bench.service.finish(job_id)
    with bench.qtbot.waitSignal(bench.jobs.finished, timeout=5000):
        pass
    record = bench.record(submission)
    (stored_record,) = bench.on_disk()
    assert replace(stored_record, heard_at=record.heard_at) == record
    assert (record.phase, record.n_training, record.n_test) == ("created", 12, 3)
    assert bench.jobs.curve(submission).training[0].loss == 2.0
    assert bench.jobs.tuned_models(SERVICE) == [
        TunedModel("Harbour voice", "ft:base:org:x:final", submission),
        TunedModel("Harbour voice", "ft:one:ckpt-step-2", submission, 2),
    ]
    assert bench.notices[-1].level == "good"
    assert bench.jobs.active_count == 0
    assert len(bench.service.created) == 1
    stored = bench.open_project.project.events(submission)
    assert stored == bench.jobs.events(submission)
    assert [event.message for event in stored][-1] == "The job has successfully completed"


def test_the_test_conversations_stay_at_home_if_so_wished(bench: Bench) -> None:
    submission = bench.submit(use_test=False)
    bench.until_created(submission)
    assert "validation_file" not in bench.service.created[0].json
    assert list(bench.service.files) == ["file-1"]


def test_files_are_gone_after_sending(bench: Bench) -> None:
    bench.call(bench.service.hold_uploads.clear)
    submission = bench.submit()
    bench.until(lambda: bool(bench.service.sent("POST /v1/files")))
    (folder,) = bench.temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    bench.call(bench.service.hold_uploads.set)
    bench.until_created(submission)
    assert list(bench.temporary.iterdir()) == []


def test_the_finished_model_leads_to_chat_and_evaluate(bench: Bench) -> None:
    submission = bench.submit()
    job_id = bench.until_created(submission)
    bench.service.keep(job_id, 2, "ft:one:ckpt-step-2")
    bench.service.finish(job_id)
    bench.until(lambda: bench.jobs.active_count == 0)
    tabs: list[str] = []
    bench.jobs.tab_requested.connect(tabs.append)
    with bench.qtbot.waitSignal(bench.jobs.chat_requested) as asked:
        bench.jobs.chat(submission, 2)
    assert asked.args == [TunedModel("Harbour voice", "ft:one:ckpt-step-2", submission, 2)]
    with bench.qtbot.waitSignal(bench.jobs.evaluate_requested) as evaluated:
        bench.jobs.evaluate(submission)
    assert tabs == ["chat", "evaluate"]
    assert evaluated.args == [TunedModel("Harbour voice", "ft:base:org:x:final", submission)]


def test_too_few_examples_are_refused_before_anything_is_sent(bench: Bench) -> None:
    project = bench.open_project
    delete(project, list(project.project.ids())[:6])
    assert bench.jobs.submit(bench.plan()) == ""
    assert "10" in bench.notices[-1].text
    assert "6" in bench.notices[-1].text
    remedy = bench.notices[-1].remedy
    assert remedy is not None
    with bench.qtbot.waitSignal(bench.jobs.tab_requested) as asked:
        remedy.action()
    assert asked.args == ["examples"]
    assert bench.jobs.records() == []
    assert bench.service.requests == []


def test_with_too_many_held_out_the_test_share_is_mended(bench: Bench) -> None:
    project = bench.open_project
    set_split(project, list(project.project.ids())[:5], Split.TEST)
    (found,) = bench.jobs.obstacles(bench.plan())
    assert "enough of them if fewer are held out" in found.text
    assert found.tab == "cost"


def test_what_is_told_of_a_job_goes_once_its_model_is_gone_to(bench: Bench) -> None:
    submission = bench.submit()
    bench.service.finish(bench.until_created(submission))
    bench.until(lambda: bench.jobs.active_count == 0)
    withdrawn: list[str] = []
    bench.jobs._notices._notices.withdrawn.connect(withdrawn.append)
    bench.jobs.chat(submission)
    assert withdrawn == [f"job-{submission}"]


def test_problems_in_examples_are_refused(bench: Bench) -> None:
    bench.open_project.add([Conversation((Message("user", "nobody answers"),))])
    found = bench.jobs.obstacles(bench.plan())
    assert ["one of the conversations" in obstacle.text for obstacle in found] == [True]


@pytest.mark.parametrize(
    ("name", "epochs", "word"), [("  ", 3, "name"), ("x", 51, "passes"), ("x", 0, "passes")]
)
def test_settings_that_no_service_takes(bench: Bench, name: str, epochs: int, word: str) -> None:
    (found,) = bench.jobs.obstacles(bench.plan(name=name, epochs=epochs))
    assert word in found.text


def test_binned_conversations_are_not_sent(bench: Bench) -> None:
    project = bench.open_project
    added = project.add(conversations(1, start=90))
    delete(project, added)
    bench.until_created(bench.submit())
    assert b"question 90" not in bench.service.files["file-1"]


def test_stop_pause_and_go_on(bench: Bench) -> None:
    submission = bench.submit()
    job_id = bench.until_created(submission)
    bench.service.jobs[job_id]["status"] = "running"
    bench.until(lambda: bench.status(submission) == "running")
    bench.jobs.pause(submission)
    assert bench.jobs.is_acting(submission)
    bench.until(lambda: bench.status(submission) == "paused")
    bench.until(lambda: not bench.jobs.is_acting(submission))
    bench.jobs.resume(submission)
    bench.until(lambda: bench.status(submission) == "queued")
    bench.until(lambda: not bench.jobs.is_acting(submission))
    bench.jobs.cancel(submission)
    bench.until(lambda: bench.jobs.active_count == 0)
    assert bench.status(submission) == "cancelled"


def test_what_a_service_cannot_do_is_said(bench: Bench) -> None:
    submission = bench.submit()
    job_id = bench.until_created(submission)
    path = f"POST /v1/fine_tuning/jobs/{job_id}/pause"
    bench.service.faults[path] = error(404, "", kind="not_found")
    bench.jobs.pause(submission)
    bench.until(lambda: bool(bench.notices))
    assert bench.notices[-1].level == "bad"
    assert bench.jobs.active_count == 1


def test_stopping_before_creation_creates_nothing(bench: Bench) -> None:
    bench.call(bench.service.hold_uploads.clear)
    submission = bench.submit()
    bench.until(lambda: bool(bench.service.sent("POST /v1/files")))
    bench.jobs.cancel(submission)
    assert bench.record(submission).phase == "not_created"
    bench.call(bench.service.hold_uploads.set)
    bench.qtbot.wait(100)
    assert bench.service.created == []
    assert bench.on_disk()[0].phase == "not_created"


def test_a_finished_job_can_be_taken_off_the_list(bench: Bench) -> None:
    submission = bench.submit()
    job_id = bench.until_created(submission)
    bench.jobs.remove(submission)
    assert bench.jobs.records() != []
    bench.service.finish(job_id)
    bench.until(lambda: bench.jobs.can_remove(submission))
    bench.jobs.remove(submission)
    assert bench.jobs.records() == []
    assert bench.on_disk() == []
    assert bench.service.jobs != {}


def test_an_action_of_an_earlier_sitting_does_not_end_a_later_one(bench: Bench) -> None:
    submission = bench.submit()
    bench.until_created(submission)
    bench.jobs.pause(submission)
    bench.open_project.close()
    bench.open_project.open(bench.path)
    busy: list[bool] = []
    bench.jobs._actions.changed.connect(lambda id: busy.append(bench.jobs.is_acting(id)))
    bench.jobs.cancel(submission)
    bench.until(lambda: not bench.jobs.is_acting(submission))
    assert busy == [True, False]


def test_files_are_gone_when_their_writing_is_stopped(bench: Bench) -> None:
    work = writer(bench.path, "one", "Trained", with_test=True)
    with pytest.raises(InterruptedError):
        work(lambda _progress: None, lambda: True)
    assert list(bench.temporary.iterdir()) == []
    work(lambda _progress: None, lambda: False)
    [folder] = bench.temporary.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    remove_files("one")
    assert list(bench.temporary.iterdir()) == []


def test_pairs_of_replies_are_trained_by_preference(bench: Bench) -> None:
    question, better = (Message("user", "Is it oak?"),), (Message("assistant", "Yes."),)
    pairs = [
        Conversation(question, preferred=better, non_preferred=(Message("assistant", f"No {n}."),))
        for n in range(12)
    ]
    delete(bench.open_project, bench.open_project.project.ids())
    bench.open_project.add(pairs)
    bench.until_created(bench.submit())

    sent = bench.service.created[0].json

    assert sent["method"] == {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 3}}}
    training = lines(bench.service.files[sent["training_file"]])
    assert len(training) == 12
    assert training[0].keys() == {"input", "preferred_output", "non_preferred_output"}
