from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.cost.tokens import O200K
from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import MEGABYTE, rules_for
from desktop_app.state.examples import set_advice, set_review
from desktop_app.state.examples.chosen_rules import LengthLimit
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Review, Split
from desktop_app.storage.project.set_facts import SetFacts
from tests.state.edits import set_split
from tests.state.examples.set_checks_bench import LONG, Bench, different, talk


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with Bench(qtbot, tmp_path) as bench:
        yield bench


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Everything that is written of reviews and advice."""
    calls: list[object] = []
    reviews, advice = Project.store_reviews, Project.store_set_advice

    def store_reviews(self: Project, found: Iterable[Review]) -> None:
        stored = list(found)
        calls.extend(each.id for each in stored)
        reviews(self, stored)

    def store_set_advice(self: Project, code: str, ids: list[int]) -> None:
        calls.append(code)
        advice(self, code, ids)

    monkeypatch.setattr(Project, "store_reviews", store_reviews)
    monkeypatch.setattr(Project, "store_set_advice", store_set_advice)
    return calls


def test_everything_is_looked_through_and_told(bench: Bench) -> None:
    told: list[list[SetFinding]] = []
    bench.checks.findings_changed.connect(told.append)
    bench.create([talk("Mail a@b.example"), talk(LONG), talk(LONG), *different(3)])
    bench.until_checked()
    ids = list(bench.open_project.project.ids())
    assert bench.ids_with("email_address") == ids[:1]
    assert bench.ids_with("duplicate") == ids[2:3]
    duplicate = bench.finding("duplicate")
    assert duplicate == SetFinding("duplicate", "advice", 1, filter_code="duplicate")
    few = bench.finding("too_few_examples")
    assert few == SetFinding("too_few_examples", "blocks", 6, "10")
    assert bench.checks.findings[0] == few
    assert told[-1] == bench.checks.findings
    assert bench.open_project.project.facets().languages == (("en", 6),)


def test_only_what_has_changed_is_looked_through_again(
    bench: Bench, written: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.create(different(30))
    bench.until_checked()
    ids = list(bench.open_project.project.ids())
    assert sorted(each for each in written if isinstance(each, int)) == ids
    written.clear()
    scans: list[int] = []
    monkeypatch.setattr(Project, "unreviewed", scans.append)
    bench.open_project.replace(ids[7], talk("Do you sell oak tables?"))
    bench.until_checked()
    assert written == [ids[7]]
    assert scans == []


def test_nothing_is_written_while_nothing_changes(bench: Bench, written: list[object]) -> None:
    bench.create([talk(LONG), talk(LONG), *different(10)])
    bench.until_checked()
    assert "duplicate" in written
    written.clear()
    stored: list[object] = []
    bench.checks.advice_stored.connect(lambda: stored.append(1))
    ids = list(bench.open_project.project.ids())
    bench.open_project.edit(lambda project: project.set_tag(ids, "mugs", on=True), ids)
    bench.until_checked()
    bench.checks.look_again()
    bench.until_checked()
    path = bench.open_project.path
    bench.open_project.close()
    bench.open_project.open(path)
    bench.until_checked()
    assert written == stored == []


def test_what_stands_in_both_sets(bench: Bench) -> None:
    near = LONG.replace("Monday", "Tuesday")
    bench.create([talk(LONG), talk(LONG), talk(near), *different(10)])
    ids = list(bench.open_project.project.ids())
    set_split(bench.open_project, ids[1:3], Split.TEST)
    bench.until_checked()
    assert bench.checks.texts is not None
    assert bench.checks.texts.near_groups == (tuple(ids[:3]),)
    assert bench.ids_with("near_duplicate") == ids[:3]
    assert bench.ids_with("overlap") == ids[1:3]
    set_split(bench.open_project, ids[1:3], Split.TRAINING)
    bench.until_checked()
    assert bench.ids_with("overlap") == []
    assert bench.finding("overlap") is None


def test_contradictions_slips_and_long_ones(bench: Bench) -> None:
    meant = "You answer for Harbour, a homeware shop. Be warm, brief and exact."
    slip = meant.replace("warm", "kind")
    with_instructions = [
        Conversation((Message("system", text), *talk(f"Mug {n}?").messages))
        for n, text in enumerate([meant, meant, slip])
    ]
    long = talk("What is this about?", "a word " * 3000)
    bench.create([*with_instructions, talk(LONG), talk(LONG, "It is lost."), long])
    bench.until_checked()
    ids = list(bench.open_project.project.ids())
    assert bench.ids_with("instructions_differ") == ids[2:3]
    assert bench.ids_with("contradiction") == ids[3:5]
    assert bench.ids_with("very_long") == ids[5:]
    assert bench.ids_with("too_long") == []
    bench.until_counted()
    bench.rules.length_limit = LengthLimit(O200K, 1000)
    bench.checks.look_again()
    bench.until_checked()
    assert bench.ids_with("too_long") == ids[5:]
    finding = bench.finding("too_long")
    assert finding is not None
    assert finding.detail == "1,000"


def test_shares_and_refusals(bench: Bench) -> None:
    bench.create(
        [*different(18), *[talk(f"Lamp {n}", "I can't help with that.") for n in range(4)]]
    )
    bench.until_checked()
    refusals = bench.finding("many_refusals")
    assert refusals == SetFinding("many_refusals", "advice", 4, "18 %", "refusal")
    ids = list(bench.open_project.project.ids())
    bench.open_project.edit(lambda project: project.set_tag(ids, "mugs", on=True), ids)
    bench.open_project.edit(lambda project: project.set_tag(ids[:1], "oak", on=True), ids)
    bench.until_checked()
    tags = bench.finding("unequal_tags")
    assert tags is not None
    assert tags.detail == "mugs 96 %, oak 4 %"


def test_the_rules_that_are_chosen_decide_what_blocks(bench: Bench) -> None:
    bench.create(different(12))
    bench.until_checked()
    assert [f.code for f in bench.checks.findings if f.severity == "blocks"] == []
    bench.rules.set_method("dpo")
    assert [f.code for f in bench.checks.findings if f.severity == "blocks"] == ["no_preferences"]
    bench.until_checked()


def test_a_set_of_preferences_sets_the_method(bench: Bench) -> None:
    reply, other = (Message("assistant", "Yes."),), (Message("assistant", "No."),)
    bench.create(
        [Conversation(t.messages[:1], preferred=reply, non_preferred=other) for t in different(12)]
    )
    bench.until_checked()
    assert bench.rules.rules == rules_for("local", "dpo")
    assert [f.code for f in bench.checks.findings if f.severity == "blocks"] == []


def test_near_duplicates_of_a_very_large_set_are_not_looked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_advice, "MOST_COMPARED", 3)
    bench.create([talk(LONG), talk(LONG.replace("Monday", "Tuesday")), *different(3)])
    bench.until_checked()
    assert bench.finding("near_duplicate") is None
    assert bench.finding("near_duplicates_not_looked_for") is not None


def test_progress_is_told_and_closing_stops_it(bench: Bench, qtbot: QtBot) -> None:
    seen: list[set_review.Progress] = []

    def note() -> None:
        if bench.checks.progress is not None:
            seen.append(bench.checks.progress)

    bench.checks.changed.connect(note)
    bench.create(different(3000))
    qtbot.waitUntil(lambda: bool(seen), timeout=10_000)
    bench.open_project.close()
    assert bench.checks.progress is None
    assert bench.checks.findings == []
    qtbot.waitUntil(lambda: bench.runner.running == 0, timeout=10_000)
    assert all(each.total == 3000 for each in seen)


def test_what_fails_is_not_tried_again_until_something_changes(
    bench: Bench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Project, _reviews: object) -> None:
        raise ProjectError(ProjectErrorKind.NO_SPACE, self.path)

    with monkeypatch.context() as patched:
        patched.setattr(Project, "store_reviews", full)
        bench.create(different(3))
        qtbot.waitUntil(lambda: bench.checks.error is not None, timeout=10_000)
        assert not bench.checks.is_current
    bench.open_project.add(different(1))
    bench.until_checked()
    assert bench.checks.error is None


@pytest.mark.parametrize("n", [3, 40])
def test_what_is_found_is_masked_in_all_as_one_step(bench: Bench, qtbot: QtBot, n: int) -> None:
    bench.create([*(talk(f"Mail a{k}@b.example about {k * k}") for k in range(n)), talk(LONG)])
    bench.until_checked()
    with qtbot.waitSignal(bench.bulk.finished, timeout=10_000) as signal:
        assert bench.checks.apply_to_all("email_address")
    assert signal.args == [n]
    project = bench.open_project.project
    asked = [each.messages[0].text for _, each in project.conversations()]
    assert asked[:2] == ["Mail [email] about 0", "Mail [email] about 1"]
    entry = project.undo_entry()
    assert entry is not None
    assert (entry.label, entry.count) == ("mask", n)
    bench.until_checked()
    assert bench.ids_with("email_address") == []
    assert not bench.checks.apply_to_all("email_address")


def test_what_blocks_is_mended_in_all(bench: Bench, qtbot: QtBot) -> None:
    broken = Conversation((Message("developer", "Be brief."), *talk(LONG).messages))
    bench.create([broken, talk("Do you sell mugs?"), broken])
    bench.until_checked()
    with qtbot.waitSignal(bench.bulk.finished, timeout=10_000) as signal:
        assert bench.checks.apply_to_all("developer_role")
    assert signal.args == [2]
    assert bench.open_project.counts.with_problems == 0
    bench.until_checked()


def test_a_second_large_step_has_to_wait(bench: Bench, qtbot: QtBot) -> None:
    bench.create([talk(f"Mail a{k}@b.example about {k * k}") for k in range(40)])
    bench.until_checked()
    with qtbot.waitSignal(bench.bulk.finished, timeout=10_000):
        assert bench.checks.apply_to_all("email_address")
        assert not bench.checks.apply_to_all("email_address")
    bench.until_checked()


def test_a_file_that_is_too_large_is_told_once_it_was_measured(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SetFacts, "file_sizes", lambda _self: (600 * MEGABYTE, 0))
    bench.create(different(12))
    bench.until_checked()
    finding = bench.finding("file_too_large")
    assert finding is not None
    assert finding.detail == "600 MB > 512 MB"
