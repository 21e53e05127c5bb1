import threading

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.imported import Imported
from desktop_app.state.examples.bulk_edit import StepControl
from desktop_app.state.examples.marking import Marks
from desktop_app.state.open_project import EVERYTHING
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Split
from tests.state.examples.finding_bench import chat
from tests.ui.examples.finding_desk import FindingDesk


def test_one_conversation_is_described(finding: FindingDesk) -> None:
    details = finding.details
    project = finding.project.project
    imported = [Imported(chat("a"), 52, tags=("billing",), rating=4, notes="ask the shop")]
    project.import_conversations(
        imported, source="tickets.xlsx", test_share=0, progress=lambda _n: None, stop=lambda: False
    )
    finding.project.announce(EVERYTHING)
    [id] = project.ids()
    assert details.heading.text() == "THIS CONVERSATION"
    assert details.tokens.text() == "counting…"
    project.store_counts("o200k_base", [(id, 1, 231)])
    finding.selection.refresh()
    details.set_token_limit(8192)
    assert details.tokens.text() == "231 of 8,192"
    assert "tickets.xlsx" in details.source.text()
    assert details.source.text().endswith(", row 52")
    assert details.rating.value() == 4
    assert [chip.property("tag") for chip in details.tags.chips] == ["billing"]
    assert details.note.toPlainText() == "ask the shop"
    assert details.language.text() == "Not known"


def test_what_is_edited_is_written(qtbot: QtBot, finding: FindingDesk) -> None:
    [id] = finding.add("a")
    details = finding.details
    details.split.setCurrentIndex(1)
    details.split.activated.emit(1)
    qtbot.keyClick(details.rating, Qt.Key.Key_3)
    details.tags.add_button.click()
    qtbot.keyClicks(details.tags.line, "billing")
    qtbot.keyClick(details.tags.line, Qt.Key.Key_Return)
    row = finding.row(id)
    assert (row.split, row.rating, row.tags) == (Split.TEST, 3, ("billing",))
    details.tags.chips[0].click()
    assert finding.row(id).tags == ()
    finding.project.undo()
    assert [chip.property("tag") for chip in details.tags.chips] == ["billing"]


def test_many_are_edited_together_and_what_differs_is_mixed(
    qtbot: QtBot, finding: FindingDesk
) -> None:
    ids = finding.add("a", "b", "c")
    details = finding.details
    finding.marking.change(ids[:1], Marks(add=("shop",), rating=2, split=Split.TEST))
    finding.panel.view.selectAll()
    assert details.heading.text() == "3 CONVERSATIONS"
    assert details.split.currentIndex() == -1
    assert details.rating.is_mixed
    assert not details.note.isEnabled()
    [chip] = details.tags.chips
    assert "1/3" in chip.text()
    assert chip.property("mixed")
    details.tags.added.emit("shop")
    qtbot.keyClick(details.rating, Qt.Key.Key_5)
    assert [finding.row(id).tags for id in ids] == [("shop",)] * 3
    assert {finding.row(id).rating for id in ids} == {5}
    assert not details.tags.chips[0].property("mixed")


def test_a_note_is_written_before_it_could_be_undone(qtbot: QtBot, finding: FindingDesk) -> None:
    [id] = finding.add("a")
    note = finding.details.note
    note.setFocus()
    qtbot.keyClicks(note, "one")
    key = QKeyEvent(
        QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier, "z"
    )
    QApplication.sendEvent(note, key)
    assert not key.isAccepted()
    assert finding.project.project.note(id) == "one"
    finding.project.undo()
    assert note.toPlainText() == ""


def test_leaving_the_note_writes_it(qtbot: QtBot, finding: FindingDesk) -> None:
    first, second = finding.add("a", "b")
    finding.panel.go_to(first)
    qtbot.keyClicks(finding.details.note, "one")
    finding.panel.go_to(second)
    assert finding.project.project.note(first) == "one"
    assert finding.details.note.toPlainText() == ""


def test_tags_that_are_there_are_offered(qtbot: QtBot, finding: FindingDesk) -> None:
    ids = finding.add("a", "b")
    finding.marking.change(ids[:1], Marks(add=("billing",)))
    known = finding.details.tags._known
    qtbot.waitUntil(lambda: known.stringList() == ["billing"], timeout=10_000)


def test_nothing_is_edited_while_a_large_step_runs(qtbot: QtBot, finding: FindingDesk) -> None:
    finding.add("a")
    go_on = threading.Event()

    def step(_project: Project, should_stop: StepControl) -> None:
        should_stop.tell(1, 2)
        go_on.wait(5)

    with qtbot.waitSignal(finding.bulk.progressed):
        finding.bulk.run("Tagging 12,000 conversations", step)
    assert not finding.details.isEnabled()
    qtbot.waitUntil(finding.strip.isVisible)
    assert finding.strip.words.text().startswith("Tagging 12,000 conversations. Edits wait")
    assert finding.strip.bar.value() == 500
    go_on.set()
    qtbot.waitUntil(finding.details.isEnabled)
    assert not finding.strip.isVisible()


def test_a_large_step_that_failed_is_told(qtbot: QtBot, finding: FindingDesk) -> None:
    def step(_project: Project, _should_stop: StepControl) -> None:
        raise OSError(28, "full")

    with qtbot.waitSignal(finding.bulk.failed):
        finding.bulk.run("Tagging 12,000 conversations", step)
    assert finding.said[-1].text.startswith("Tagging 12,000 conversations did not work")
    assert "disk is full" in finding.said[-1].text
