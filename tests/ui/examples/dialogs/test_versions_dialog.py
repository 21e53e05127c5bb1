from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop_app.app import Program
from desktop_app.ui.examples.dialogs.versions_dialog import DETAILS, VersionsDialog
from desktop_app.ui.jobs.questions import Question
from tests.state.edits import delete
from tests.ui.examples.dialogs.dialog_bench import chat, first_texts, opened


def save(qtbot: QtBot, dialog: VersionsDialog, name: str) -> None:
    qtbot.keyClicks(dialog.name, name)
    with qtbot.waitSignal(dialog._versions.saved):
        qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.chosen is not None


def changes(qtbot: QtBot, dialog: VersionsDialog, count: int) -> list[str]:
    qtbot.waitUntil(lambda: "Comparing" not in dialog.summary.text())
    qtbot.waitUntil(lambda: dialog.changes.count() == count)
    texts = [dialog.changes.item(place).text() for place in range(count)]
    return [text.replace("\u2068", "").replace("\u2069", "") for text in texts]


def test_without_versions_it_says_what_they_are(program: Program) -> None:
    dialog = opened(program, VersionsDialog)
    assert dialog.nothing.isVisible()
    assert not dialog.list.isVisible()
    assert not any(
        each.isEnabled() for each in (dialog.save, dialog.delete, dialog.go_back, dialog.with_which)
    )


def test_a_version_is_saved_and_compared_with_now(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, VersionsDialog)
    save(qtbot, dialog, "before the tone change")
    item = dialog.list.item(0)
    assert item.text() == "before the tone change"
    assert item.data(DETAILS).endswith("4 conversations")
    assert changes(qtbot, dialog, 0) == []
    assert dialog.summary.text() == "Nothing differs between the two."
    ids = program.desk.conversations.ids
    program.open_project.replace(ids[0], chat("Where is my box?"))
    delete(program.open_project, [ids[3]])
    program.open_project.add([chat("A bowl")])
    assert changes(qtbot, dialog, 3) == [
        "changed · Where is my box?",
        "removed · A mug",
        "added · A bowl",
    ]
    assert "1 added, 1 removed, 1 with other words" in dialog.summary.text()
    qtbot.waitUntil(lambda: "Where is my parcel?" in dialog.before.toPlainText())
    assert "Where is my box?" in dialog.after.toPlainText()
    dialog.changes.setCurrentRow(2)
    qtbot.waitUntil(lambda: "A bowl" in dialog.after.toPlainText())
    assert dialog.before.toPlainText() == ""


def test_two_versions_are_compared(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, VersionsDialog)
    save(qtbot, dialog, "first")
    ids = program.desk.conversations.ids
    program.open_project.replace(ids[0], chat("Where is my box?"))
    save(qtbot, dialog, "second")
    program.open_project.replace(ids[1], chat("The box is late"))
    dialog.list.setCurrentRow(1)
    assert dialog.chosen is not None
    assert dialog.chosen.name == "first"
    assert len(changes(qtbot, dialog, 2)) == 2
    dialog.with_which.setCurrentIndex(1)
    dialog.with_which.activated.emit(1)
    assert changes(qtbot, dialog, 1) == ["changed · Where is my box?"]


def test_the_set_goes_back_to_a_version_and_that_is_undone(qtbot: QtBot, program: Program) -> None:
    before = first_texts(program)
    dialog = opened(program, VersionsDialog)
    save(qtbot, dialog, "first")
    delete(program.open_project, list(program.desk.conversations.ids)[:3])
    program.open_project.add([chat("A bowl")])
    dialog.go_back.click()
    assert not dialog.go_back.isEnabled()
    qtbot.waitUntil(lambda: first_texts(program) == before)
    qtbot.waitUntil(dialog.go_back.isEnabled)
    assert changes(qtbot, dialog, 0) == []
    program.actions.undo.trigger()
    assert first_texts(program) == ["A mug", "A bowl"]


def test_deleting_a_version_asks_first(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, VersionsDialog)
    save(qtbot, dialog, "first")
    dialog.delete.click()
    (question,) = dialog.findChildren(Question)
    question.refusal.click()
    assert dialog.list.count() == 1
    dialog.delete.click()
    (question,) = [each for each in dialog.findChildren(Question) if each.isVisible()]
    assert "first" in question.text()
    question.action.click()
    assert dialog.list.count() == 0
    assert dialog.summary.text() == ""
    assert len(first_texts(program)) == 4


def test_a_failure_is_said(qtbot: QtBot, program: Program) -> None:
    dialog = opened(program, VersionsDialog)
    save(qtbot, dialog, "first")
    assert dialog.chosen is not None
    program.open_project.project.delete_version(dialog.chosen.id)
    with qtbot.waitSignal(program.desk.versions.failed):
        dialog.go_back.setFocus()
        program.desk.versions.compare(dialog.chosen.id, None)
    assert "could not be used" in dialog.summary.text()
