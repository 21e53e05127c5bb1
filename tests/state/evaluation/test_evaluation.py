import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.core.evaluation.report import Report, Verdict
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.provider.provider import ErrorKind
from desktop_app.state.connections.connections import Connections
from desktop_app.state.evaluation.document import (
    CANCELLED,
    DONE,
    FAILED,
    KIND,
    EvaluationDocument,
    decode,
)
from desktop_app.state.evaluation.tables import CaseList, FiguresTable, problem_text, rounded
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from tests.provider.scripted_service import Answer
from tests.state.chat.chat_bench import BASE, TUNED, Bench, ScoringConnections, conversation
from tests.state.chat.chat_service import refusal
from tests.state.edits import set_split

TEST = [conversation(f"question {n}", f"wanted {n}") for n in range(6)]


def make(qtbot: QtBot, folder: Path, kind: type[Connections] = ScoringConnections) -> Bench:
    bench = Bench(qtbot, folder, test=TEST, kind=kind)
    bench.service.speak = lambda model, said: (
        said.replace("question", "wanted") if model == TUNED else f"Dear you, {said}"
    )
    bench.service.loss = lambda model, reply: 1.0 + len(reply) / 100 + 2.0 * (model == BASE)
    return bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with make(qtbot, tmp_path) as bench:
        yield bench


def run(bench: Bench) -> None:
    bench.evaluation.run()
    bench.evaluated()


def current(bench: Bench) -> EvaluationDocument:
    assert bench.evaluation.current is not None
    return bench.evaluation.current


def report(bench: Bench) -> Report:
    assert bench.evaluation.report is not None
    return bench.evaluation.report


def test_both_models_are_scored_and_asked_about_every_test_conversation(bench: Bench) -> None:
    run(bench)
    document = current(bench)
    assert (document.state, document.n_done, document.n_in_all) == (DONE, 12, 12)
    assert [model.model for model in document.models] == [TUNED, BASE]
    tuned, base = report(bench).models
    assert (tuned.n_exact, base.n_exact) == (6, 0)
    assert tuned.loss is not None
    assert base.loss is not None
    assert tuned.loss.value == pytest.approx(1.08)
    assert base.loss.value == pytest.approx(3.08)
    assert report(bench).loss.verdict is Verdict.BETTER
    asked = bench.service.asked
    assert len(asked) == 12
    assert {each["temperature"] for each in asked} == {0.0}
    # Half as much again as the 8 tokens wanted, and something to spare.
    assert {each["max_tokens"] for each in asked} == {44}
    assert all([m["role"] for m in each["messages"]] == ["system", "user"] for each in asked)


def test_it_is_there_after_a_restart(bench: Bench) -> None:
    run(bench)
    before = current(bench)
    bench.until(lambda: bench.runner.running == 0)
    bench.restart()
    bench.until(lambda: bench.evaluation.report is not None)
    assert current(bench) == before
    assert not bench.evaluation.is_running
    bench.evaluation.refresh()
    bench.until(lambda: bench.evaluation.test_set is not None)
    assert not bench.evaluation.has_test_set_changed


def answered(document: EvaluationDocument) -> set[tuple[str, str]]:
    """The models and questions of which the outcome is known."""
    asked = {case.key: case.asked for case in document.cases}
    return {
        (choice.model, asked[key])
        for choice, outcomes in zip(document.models, document.outcomes, strict=True)
        for key in outcomes
    }


def test_a_cancelled_run_keeps_what_came_and_goes_on_with_the_rest(bench: Bench) -> None:
    bench.service.pause = 0.03
    bench.evaluation.run()
    bench.until(lambda: current(bench).n_done >= 3)
    bench.evaluation.cancel()
    done = current(bench).n_done
    assert (current(bench).state, current(bench).can_go_on) == (CANCELLED, True)
    bench.until(lambda: bench.service.open_streams == 0)
    bench.until(lambda: bench.runner.running == 0)
    bench.restart()
    bench.until(lambda: bench.evaluation.current is not None)
    assert current(bench).n_done == done
    known = answered(current(bench))
    asked = len(bench.service.asked)
    bench.evaluation.resume()
    bench.evaluated()
    assert (current(bench).state, current(bench).n_done) == (DONE, 12)
    assert len(known) == done
    requests = [(each["model"], each["messages"][-1]["content"]) for each in bench.service.asked]
    assert known <= set(requests[:asked])
    assert not known & set(requests[asked:])
    assert len(bench.evaluation.store.documents) == 1


def test_progress_and_the_time_left_are_told(bench: Bench) -> None:
    bench.service.pause = 0.02
    left: list[float | None] = []
    bench.evaluation.progressed.connect(lambda: left.append(bench.evaluation.seconds_left))
    run(bench)
    known = [seconds for seconds in left if seconds is not None]
    assert known
    assert 0 < known[0] < 10
    assert bench.evaluation.seconds_left is None


def test_a_lost_connection_ends_it_with_the_reason_and_the_part_that_came(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    speak = bench.service.speak

    def speak_thrice(model: str, said: str) -> str:
        if len(bench.service.asked) > 3:
            bench.service.break_after = 0
        return speak(model, said)

    bench.service.speak = speak_thrice
    run(bench)
    document = current(bench)
    assert (document.state, document.n_done < 12) == (FAILED, True)
    assert "cannot be reached" in document.problem
    bench.service.break_after, bench.service.speak = None, speak
    bench.evaluation.resume()
    bench.evaluated()
    assert (current(bench).state, current(bench).n_done) == (DONE, 12)
    assert current(bench).problem == ""


def test_a_conversation_that_a_model_refuses_is_left_out_and_can_be_asked_again(
    bench: Bench,
) -> None:
    bench.service.faults = [refusal()]
    run(bench)
    document = current(bench)
    assert (document.state, document.n_problems, document.can_go_on) == (DONE, 1, True)
    problems = [each for model in document.outcomes for each in model.values() if each.problem]
    assert [each.problem for each in problems] == [ErrorKind.REFUSED]
    assert sum(model.n_replies for model in report(bench).models) == 11
    bench.evaluation.resume()
    bench.evaluated()
    assert current(bench).n_problems == 0
    assert len(bench.service.asked) == 12 + 1


def test_too_many_refusals_in_a_row_end_it(bench: Bench) -> None:
    bench.service.faults = [refusal() for _ in range(30)]
    run(bench)
    assert current(bench).state == FAILED
    assert len(bench.service.asked) < 10


def test_it_waits_when_the_service_asks_for_fewer_requests(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    slow_down = Answer({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, 429)
    slow_down = dataclasses.replace(slow_down, headers={"retry-after-ms": "5"})
    bench.service.faults = [slow_down] * 8
    run(bench)
    assert (current(bench).state, current(bench).n_problems) == (DONE, 0)


def test_where_the_service_tells_no_likelihoods_exact_match_remains(
    qtbot: QtBot, tmp_path: Path
) -> None:
    with make(qtbot, tmp_path, Connections) as bench:
        run(bench)
        tuned, base = report(bench).models
        assert (tuned.loss, base.perplexity) == (None, None)
        assert (tuned.n_exact, base.n_exact) == (6, 0)
        assert report(bench).loss.verdict is Verdict.NOT_MEASURED
        assert not bench.service.sent("POST /tokenize")
        table = FiguresTable(bench.evaluation, bench)
        bench.evaluation.report_changed.emit()
        cell = table.index(0, 1)
        assert (cell.data(), cell.data(table.INTERVAL)) == ("–", "not offered by this service")


def test_a_changed_test_set_is_noticed(bench: Bench) -> None:
    run(bench)
    ids = bench.open_project.add([conversation("new", "one")])
    bench.evaluation.refresh()
    bench.until(lambda: bench.runner.running == 0)
    assert not bench.evaluation.has_test_set_changed
    set_split(bench.open_project, ids, Split.TEST)
    bench.evaluation.refresh()
    bench.until(lambda: bench.evaluation.has_test_set_changed)
    run(bench)
    assert len(current(bench).cases) == 7
    assert not bench.evaluation.has_test_set_changed
    older = bench.evaluation.store.documents[1]
    bench.evaluation.select(older.id)
    assert bench.evaluation.has_test_set_changed
    bench.evaluation.delete(older.id)
    assert [len(each.cases) for each in bench.evaluation.store.documents] == [7]
    assert len(current(bench).cases) == 7


def test_setting_conversations_aside_makes_a_test_set(qtbot: QtBot, tmp_path: Path) -> None:
    training = [conversation(f"question {n}", f"reply {n}") for n in range(40)]
    with Bench(qtbot, tmp_path, training=training) as bench:
        assert bench.evaluation.n_test == 0
        project = bench.open_project
        set_split(project, project.project.ids()[:10], Split.TEST)
        assert bench.evaluation.n_test == 10
        bench.evaluation.refresh()
        bench.until(lambda: bench.evaluation.test_set is not None)
        assert bench.evaluation.test_set is not None
        assert len(bench.evaluation.test_set.cases) == bench.evaluation.n_test


def test_a_test_set_without_replies_is_named(qtbot: QtBot, tmp_path: Path) -> None:
    silent = Conversation((Message("user", "Anybody?"),))
    with Bench(qtbot, tmp_path, test=[silent]) as bench:
        bench.evaluation.run()
        bench.until(lambda: not bench.evaluation.is_running)
        assert bench.evaluation.current is None
        assert "has a reply" in bench.notices[-1].text


def test_a_model_trained_without_a_test_set_is_told_of(qtbot: QtBot, tmp_path: Path) -> None:
    with Bench(qtbot, tmp_path, test=TEST, held_out=0) as bench:
        assert bench.evaluation.knew_test_set
    (tmp_path / "other").mkdir()
    with Bench(qtbot, tmp_path / "other", test=TEST, held_out=6) as bench:
        assert not bench.evaluation.knew_test_set


def test_closing_the_project_ends_the_run(bench: Bench) -> None:
    bench.service.pause = 0.05
    bench.evaluation.run()
    bench.until(lambda: bench.service.open_streams > 0)
    bench.open_project.close()
    assert not bench.evaluation.is_running
    assert bench.evaluation.current is None
    assert bench.evaluation.store.documents == ()
    bench.until(lambda: bench.service.broken_off > 0)


def kept(bench: Bench) -> list[EvaluationDocument]:
    with closing(Project.open(bench.path, shared=True)) as project:
        return [decode(each.body) for each in project.documents(KIND)]


def test_what_came_before_the_project_was_closed_is_on_disk(bench: Bench) -> None:
    bench.evaluation._save_timer.setInterval(60_000)
    bench.service.pause = 0.03
    bench.evaluation.run()
    bench.until(lambda: current(bench).n_done >= 3)
    done = current(bench).n_done
    bench.open_project.close()
    assert [(each.state, each.n_done) for each in kept(bench)] == [(CANCELLED, done)]


def test_what_a_worker_would_write_too_late_is_written_when_the_project_closes(
    bench: Bench,
) -> None:
    run(bench)
    # In the same breath as the run's end the program is closed: the worker is cut short.
    bench.evaluation.store.put(current(bench))
    bench.open_project.close()
    assert bench.runner.shut_down()
    assert [(each.state, each.n_done) for each in kept(bench)] == [(DONE, 12)]


def test_an_evaluation_deleted_while_it_is_written_does_not_come_back(bench: Bench) -> None:
    bench.service.pause = 0.02
    bench.evaluation.run()
    bench.until(lambda: current(bench).n_done >= 2)
    bench.evaluation.delete(current(bench).id)
    assert bench.evaluation.store.documents == ()
    bench.until(lambda: bench.runner.running == 0)
    assert kept(bench) == []


def test_another_evaluation_can_be_looked_at_while_one_runs(bench: Bench) -> None:
    run(bench)
    first = current(bench).id
    bench.service.pause = 0.02
    bench.evaluation.run()
    second = current(bench).id
    bench.until(lambda: current(bench).n_done > 0)
    bench.evaluation.select(first)
    assert bench.evaluation.is_running
    assert not bench.evaluation.is_current_running
    bench.until(lambda: not bench.evaluation.is_running)
    assert current(bench).id == first
    finished = bench.evaluation.store.document(second)
    assert finished is not None
    assert (finished.state, finished.n_done) == (DONE, 12)


def test_a_damaged_evaluation_is_passed_over(bench: Bench) -> None:
    bench.open_project.project.save_document("evaluation", "x", "", "[]")
    bench.restart()
    run(bench)
    assert len(bench.evaluation.store.documents) == 1


def test_the_tables_are_sound_item_models(bench: Bench, qtmodeltester: ModelTester) -> None:
    table, cases = FiguresTable(bench.evaluation, bench), CaseList(bench.evaluation, bench)
    qtmodeltester.check(table)
    qtmodeltester.check(cases)
    bench.service.faults = [refusal()]
    run(bench)
    qtmodeltester.check(table)
    qtmodeltester.check(cases)
    assert [table.index(row, 0).data() for row in range(2)] == ["Voice", "base"]
    assert table.index(1, 2).data() == "3.08"
    assert table.index(1, 3).data() in ("0 of 5", "0 of 6")
    badges = {cases.index(row).data(CaseList.BADGE) for row in range(cases.rowCount())}
    assert "1.08" in badges
    lines = [cases.index(row).data(CaseList.LINE) for row in range(cases.rowCount())]
    assert cases.position_of(lines[1].case.key) == 1
    assert cases.position_of("unknown") is None
    bench.open_project.close()
    assert (table.rowCount(), cases.rowCount()) == (0, 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(float("inf"), "∞"), (-2.126, "−2.13"), (12345.6, "12,346"), (0.004, "0.00")],
)
def test_figures_are_rounded(value: float, text: str) -> None:
    assert rounded(value, 2) == text


def test_a_problem_is_worded_whoever_wrote_it() -> None:
    assert "refused the request" in problem_text(str(ErrorKind.REFUSED))
    assert problem_text("of_the_future") == "of_the_future"
