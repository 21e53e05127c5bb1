from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.core.evaluation.report import (
    Estimate,
    ExactComparison,
    LossComparison,
    Report,
    Verdict,
)
from desktop_app.core.examples.conversation import Conversation
from desktop_app.state.connections.connections import OPENAI
from desktop_app.state.evaluation.document import CANCELLED
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.navigation import Navigation
from desktop_app.storage.settings import THIS_COMPUTER
from desktop_app.ui.evaluate.evaluate_page import (
    NO_MODEL,
    NO_PROJECT,
    NO_TEST_SET,
    READY,
    RESULTS,
    EvaluatePage,
)
from desktop_app.ui.evaluate.verdict_texts import caution, exact_verdict, loss_verdict
from desktop_app.ui.theme import Theme
from tests.state.chat.chat_bench import BASE, TUNED, Bench, conversation
from tests.state.chat.chat_service import refusal
from tests.state.edits import delete
from tests.state.examples.desk_bench import make_test_set

TEST = [conversation(f"question {n}", f"wanted {n}") for n in range(6)]


def make(qtbot: QtBot, folder: Path, test: list[Conversation]) -> Bench:
    training = [conversation(f"learn {n}", f"so {n}") for n in range(30)]
    bench = Bench(qtbot, folder, training=training, test=test)
    bench.service.speak = lambda model, said: (
        said.replace("question", "wanted") if model == TUNED else f"Dear you, {said}"
    )
    bench.service.loss = lambda model, reply: 1.0 + len(reply) / 100 + 2.0 * (model == BASE)
    return bench


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    with make(qtbot, tmp_path, TEST) as bench:
        yield bench


def show(bench: Bench, qapp: QApplication) -> EvaluatePage:
    test_set = make_test_set(bench.open_project, bench.runner)
    page = EvaluatePage(bench.evaluation, test_set, Navigation(), Theme(qapp))
    bench.qtbot.addWidget(page)
    page.resize(1300, 820)
    page.show()
    bench.qtbot.waitExposed(page)
    bench.until(lambda: bench.evaluation.test_set is not None)
    return page


@pytest.fixture
def page(bench: Bench, qapp: QApplication) -> EvaluatePage:
    return show(bench, qapp)


def run(page: EvaluatePage, bench: Bench) -> None:
    page.setup.run.click()
    bench.evaluated()


def visible_button(widget: QWidget, text: str) -> QPushButton:
    [found] = [b for b in widget.findChildren(QPushButton) if b.text() == text and b.isVisible()]
    return found


def test_one_click_runs_it_and_shows_figures_verdict_and_the_worst(
    page: EvaluatePage, bench: Bench
) -> None:
    assert page.view.currentIndex() == READY
    assert page.setup._count.text() == "6 held-out test conversations"
    run(page, bench)
    assert page.view.currentIndex() == RESULTS
    assert page.figures.figures.rowCount() == 2
    assert "surprise “Voice” less than “base”" in page.figures.loss.text()
    assert "lower on 6 of 6" in page.figures.loss.text()
    assert "“Voice” alone on 6" in page.figures.exact.text()
    assert "Only 6 test conversations" in page.figures.caution.text()
    assert page.cases.cases.rowCount() == 6
    assert page.detail.wanted.text.toPlainText().startswith("wanted")
    assert page.detail.replies[1].text.toPlainText().startswith("Dear you")
    assert not page.run_bar.isVisible()
    assert page.setup.kept.count() == 1


def test_a_run_can_be_cancelled_and_gone_on_with(page: EvaluatePage, bench: Bench) -> None:
    bench.service.pause = 0.03
    page.setup.run.click()
    bench.until(lambda: page.run_bar.progress.value() > 1)
    assert page.run_bar.isVisible()
    assert not page.setup.run.isEnabled()
    page.run_bar.cancel.click()
    assert bench.evaluation.current is not None
    assert bench.evaluation.current.state == CANCELLED
    assert "figures are those of a part" in page.run_bar.told.text()
    page.run_bar.go_on.click()
    assert "of 12 answered" in page.run_bar.told.text()
    bench.evaluated()
    assert not page.run_bar.isVisible()


def test_the_conversation_being_read_stays_in_front_while_more_come(
    page: EvaluatePage, bench: Bench
) -> None:
    bench.service.pause = 0.02
    page.setup.run.click()
    bench.until(lambda: page.cases.cases.rowCount() > 1)
    page.cases.list.setCurrentIndex(page.cases.cases.index(1))
    read = page.detail.wanted.text.toPlainText()
    bench.evaluated()
    assert page.cases.cases.rowCount() == 6
    assert page.detail.wanted.text.toPlainText() == read


def test_what_failed_says_so(page: EvaluatePage, bench: Bench) -> None:
    # One conversation that both models refuse.
    bench.service.faults = [refusal(), refusal()]
    run(page, bench)
    assert "2 replies failed" in page.run_bar.told.text()
    worst = page.cases.cases.index(0)
    assert worst.data(page.cases.cases.BADGE) == "failed"
    page.cases.list.setCurrentIndex(worst)
    notes = [card.note.text() for card in page.detail.replies]
    assert any("refused the request" in note for note in notes)


def test_a_changed_test_set_is_marked(page: EvaluatePage, bench: Bench) -> None:
    run(page, bench)
    assert not page.setup._changed.isVisible()
    delete(bench.open_project, [bench.open_project.project.ids()[-1]])
    bench.until(page.setup._changed.isVisible)
    assert page.setup.run.text() == "Run again"


def test_a_kept_evaluation_is_chosen_and_deleted(page: EvaluatePage, bench: Bench) -> None:
    run(page, bench)
    run(page, bench)
    first, second = (each.id for each in bench.evaluation.store.documents)
    page.setup.kept.setCurrentIndex(1)
    page.setup.kept.activated.emit(1)
    assert bench.evaluation.current is not None
    assert bench.evaluation.current.id == second
    page.setup.delete.trigger()
    assert bench.evaluation.current.id == first
    page.setup.delete.trigger()
    assert page.view.currentIndex() == READY


def test_every_control_has_a_name(page: EvaluatePage, bench: Bench) -> None:
    run(page, bench)
    kinds = "QTextEdit", "QComboBox", "QSpinBox", "QListView", "QTableView", "QProgressBar"
    for widget in page.findChildren(QWidget):
        if isinstance(widget, QAbstractButton) and widget.isVisible():
            assert widget.text() or widget.accessibleName(), widget
        if any(widget.metaObject().className() == kind for kind in kinds) and widget.isVisible():
            assert widget.accessibleName(), widget


def test_it_says_where_the_conversations_go(page: EvaluatePage, bench: Bench) -> None:
    assert "127.0.0.1" in page.setup._where.text()


def test_without_a_test_set_it_offers_to_make_one(
    qtbot: QtBot, tmp_path: Path, qapp: QApplication
) -> None:
    with make(qtbot, tmp_path, []) as bench:
        page = show(bench, qapp)
        assert page.view.currentIndex() == NO_TEST_SET
        page.share.setValue(30)
        visible_button(page, "Set them aside").click()
        bench.until(lambda: bench.open_project.counts.test == 9)
        bench.until(lambda: page.view.currentIndex() == READY)
        bench.open_project.undo()
        assert page.view.currentIndex() == NO_TEST_SET


def test_without_a_project_or_a_tuned_model_it_leads_on(page: EvaluatePage, bench: Bench) -> None:
    bench.connections.set_active("openai")
    assert page.view.currentIndex() == NO_MODEL
    visible_button(page, "Go to Jobs").click()
    assert page._navigation.tab == "jobs"
    bench.open_project.close()
    assert page.view.currentIndex() == NO_PROJECT
    visible_button(page, "Go to Examples").click()
    assert page._navigation.tab == "examples"


@pytest.mark.parametrize(
    ("compared", "words"),
    [
        (
            LossComparison(Verdict.BETTER, 10, 9, Estimate(-2.1, -2.6, -1.7)),
            "lower on 9 of 10 conversations; difference −2.10 per token, 95 % interval −2.60 to",
        ),
        (LossComparison(Verdict.WORSE, 10, 1, Estimate(2.1, 1.7, 2.6)), "on only 1 of 10"),
        (LossComparison(Verdict.UNCLEAR, 10, 6, Estimate(-0.1, -0.4, 0.2)), "which includes 0"),
        (LossComparison(Verdict.TOO_FEW, 3, 3, Estimate(-1.0)), "too few to say more"),
        (LossComparison(Verdict.NOT_MEASURED), "was not measured"),
        (LossComparison(Verdict.NOT_COMPARABLE, 3), "different tokens"),
    ],
)
def test_a_verdict_says_no_more_than_its_interval(compared: LossComparison, words: str) -> None:
    text = loss_verdict(compared, "A", "B")
    assert words in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("compared", "words"),
    [
        (ExactComparison(Verdict.BETTER, 20, 9, 0), "“A” is right more often"),
        (ExactComparison(Verdict.WORSE, 20, 0, 9), "“A” is right less often"),
        (ExactComparison(Verdict.UNCLEAR, 20, 3, 2), "no clear difference"),
        (ExactComparison(Verdict.TOO_FEW, 4, 4, 0), "no clear difference"),
        (ExactComparison(Verdict.UNCLEAR, 20), "both did the same on all 20"),
        (ExactComparison(Verdict.NOT_MEASURED), ""),
    ],
)
def test_exactness_in_words(compared: ExactComparison, words: str) -> None:
    text = exact_verdict(compared, "A", "B")
    assert words in text
    assert "{" not in text


def test_no_caution_where_there_are_enough() -> None:
    none = LossComparison(Verdict.NOT_MEASURED), ExactComparison(Verdict.NOT_MEASURED)
    assert caution(Report(20, (), *none, ()), 0) == ""
    assert "no reply to compare with: 3" in caution(Report(20, (), *none, ()), 3)


def test_in_a_small_window_the_figures_keep_their_room(page: EvaluatePage, bench: Bench) -> None:
    run(page, bench)
    page.resize(800, 430)
    bench.qtbot.wait(20)
    figures = page.figures
    assert figures.height() >= figures.minimumSizeHint().height()
    assert figures.loss.geometry().top() > figures.table.geometry().bottom()
    assert page.detail.height() >= 250
    assert page.detail.replies[0].width() == page.detail.wanted.width()


def test_other_models_are_run_and_not_run_again(page: EvaluatePage, bench: Bench) -> None:
    assert page.setup.run.text() == "Run"
    run(page, bench)
    assert page.setup.run.text() == "Run again"
    tuned, base = bench.evaluation.tuned, bench.evaluation.base
    assert tuned is not None
    assert base is not None
    bench.evaluation.choose_base(msgspec.structs.replace(tuned, model="another"))
    assert page.setup.run.text() == "Run"
    bench.evaluation.choose_base(base)
    assert page.setup.run.text() == "Run again"


def test_only_a_service_may_charge_for_an_evaluation(
    page: EvaluatePage, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned = bench.evaluation.tuned
    assert tuned is not None
    bench.evaluation.choose_tuned(msgspec.structs.replace(tuned, connection=OPENAI))
    assert not bench.evaluation.is_free
    bench.evaluation.choose_tuned(msgspec.structs.replace(tuned, connection=THIS_COMPUTER))
    assert bench.evaluation.is_free
    monkeypatch.setattr(Evaluation, "sends_to", "https://gpu-box:8443/v1")
    monkeypatch.setattr(Evaluation, "is_free", False)
    bench.evaluation.changed.emit()
    assert page.setup._where.text() == "Sends them to gpu-box, which may charge for it."
    monkeypatch.setattr(Evaluation, "is_free", True)
    bench.evaluation.changed.emit()
    assert page.setup._where.text() == "Sends them to the engine on gpu-box, for free."
