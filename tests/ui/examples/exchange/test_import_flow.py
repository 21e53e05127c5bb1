import os
from pathlib import Path

import pytest
from openpyxl import Workbook
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.tables.mapping import Role
from desktop_app.storage.project.project import Project
from desktop_app.ui.examples.exchange.mapper_dialog import MapperDialog
from desktop_app.ui.examples.exchange.paste_dialog import PasteDialog
from desktop_app.ui.examples.exchange.read_as_dialog import ReadAsDialog
from desktop_app.ui.examples.import_report_dialog import ImportReportDialog
from tests.ui.examples.exchange.desk import MENDABLE, Desk, line


def texts(desk: Desk) -> list[str]:
    project = desk.project.project
    return [conversation.messages[0].text for _, conversation in project.conversations()]


def test_unambiguous_files_come_in_without_a_question_one_step_each(
    qtbot: QtBot, desk: Desk
) -> None:
    first = desk.file("tickets.jsonl", line("Where is my parcel?"))
    second = desk.file("faq.json", '[{"instruction": "Say hello", "output": "Hello."}]')
    desk.files.take_all([first, second])
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 2)
    qtbot.waitUntil(desk.idle)
    assert desk.project.name == "tickets"
    assert texts(desk) == ["Where is my parcel?", "Say hello"]
    desk.project.undo()
    assert texts(desk) == ["Where is my parcel?"]


def test_files_dropped_with_a_project_go_into_it(qtbot: QtBot, desk: Desk) -> None:
    path = desk.folder / "mine.exemplar"
    Project.create(path).close()
    desk.files.take_all([desk.file("a.jsonl", line("a")), path])
    qtbot.waitUntil(lambda: desk.project.counts.conversations == 1)
    assert desk.project.path == path


def test_a_table_is_imported_as_its_columns_are_mapped(qtbot: QtBot, desk: Desk) -> None:
    book = Workbook()
    other = book.create_sheet("March")
    for row in (("Nr", "Customer wrote", "Reply", "Topic"), ("1", "Where?", "Here.", "delivery"),
                ("2", "When?", "", "delivery")):  # fmt: skip
        other.append(row)
    book.save(desk.folder / "t.xlsx")
    desk.files.import_file(desk.folder / "t.xlsx")
    dialog = desk.dialog(qtbot, MapperDialog)
    assert not dialog.go_on.isEnabled()
    assert not desk.project.is_open, "nothing is made before its user has chosen"
    dialog.sheet.setCurrentText("March")
    dialog.sheet.activated.emit(1)
    qtbot.waitUntil(lambda: dialog.columns.rowCount() == 4)
    for place, role in ((1, Role.USER), (3, Role.NOTES)):
        menu = dialog.columns.menu(place)
        menu.setCurrentIndex(menu.findData(role))
        menu.activated.emit(menu.currentIndex())
    qtbot.waitUntil(lambda: dialog.said.text().startswith("2 row"))
    dialog.go_on.click()
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 2)
    assert texts(desk) == ["Where?", "When?"]
    [first, _] = desk.project.project.ids()
    assert desk.project.project.note(first) == "delivery"


def test_a_table_that_nobody_wants_leaves_nothing(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("t.csv", "question,answer\na,b\nc,d\n"))
    desk.dialog(qtbot, MapperDialog).reject()
    qtbot.waitUntil(desk.idle)
    assert not desk.project.is_open
    assert not (desk.folder / "projects").exists()


def test_what_cannot_be_read_is_asked_about_and_mended(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("m.jsonl", f"{line('a')}\n{MENDABLE}\n{line('b')}\n{{no\n"))
    dialog = desk.dialog(qtbot, ImportReportDialog)
    assert "2 row" in dialog.said.text()
    assert dialog.go_on.text().startswith("Import the rest")
    dialog.mend_all.click()
    assert dialog.n_mended == 1
    dialog.go_on.click()
    qtbot.waitUntil(lambda: desk.project.counts.conversations == 3)
    qtbot.waitUntil(desk.idle)
    notice = desk.said[-1]
    assert notice.remedy is not None
    notice.remedy.action()
    shown = desk.dialog(qtbot, ImportReportDialog)
    assert shown.rows.rowCount() == 1
    assert shown.rows.row(0).number == 4
    shown.reject()


def test_cancelling_takes_back_the_project_that_was_made_for_it(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("m.jsonl", f"{line('a')}\n{{no\n"))
    desk.dialog(qtbot, ImportReportDialog).cancel.click()
    qtbot.waitUntil(lambda: not desk.project.is_open)
    assert list((desk.folder / "projects").iterdir()) == []


def test_closing_the_project_at_the_question_takes_it_back_too(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("m.jsonl", f"{line('a')}\n{{no\n"))
    desk.dialog(qtbot, ImportReportDialog)
    desk.files.close()
    qtbot.waitUntil(desk.idle)
    qtbot.waitUntil(lambda: not list((desk.folder / "projects").iterdir()))


def test_the_list_of_what_was_not_read_is_saved_as_a_table(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("m.jsonl", f"{line('a')}\n{{no\n"))
    dialog = desk.dialog(qtbot, ImportReportDialog)
    dialog.save.click()
    saving = next(d for d in dialog.findChildren(QFileDialog) if d.isVisible())
    saving.fileSelected.emit(str(desk.folder / "rest.csv"))
    saving.reject()
    qtbot.waitUntil((desk.folder / "rest.csv").exists)
    assert "{no" in (desk.folder / "rest.csv").read_text(encoding="utf-8-sig")
    dialog.go_on.click()
    qtbot.waitUntil(lambda: desk.project.counts.conversations == 1)


def test_a_file_is_read_differently_from_its_report(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("m.jsonl", f"{line('a')}\n{{no\n"))
    desk.dialog(qtbot, ImportReportDialog).otherwise.click()
    dialog = desk.dialog(qtbot, ReadAsDialog)
    assert not desk.project.is_open
    qtbot.waitUntil(dialog.go_on.isEnabled)
    dialog.go_on.click()
    desk.dialog(qtbot, ImportReportDialog).go_on.click()
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 1)


def test_broken_letters_are_repaired_when_asked_only(qtbot: QtBot, desk: Desk) -> None:
    file = desk.file("b.jsonl", "\n".join([line("Wo ist das PÃ¤ckchen?", "Morgen frÃ¼h.")] * 3))
    desk.files.import_file(file)
    dialog = desk.dialog(qtbot, ReadAsDialog)
    assert not dialog.pane.repair.isChecked()
    assert "Päckchen" in dialog.pane.repairs.text()
    dialog.go_on.click()
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 3)
    qtbot.waitUntil(desk.idle)
    assert texts(desk)[0] == "Wo ist das PÃ¤ckchen?"
    desk.files.import_file(file)
    again = desk.dialog(qtbot, ReadAsDialog)
    with qtbot.waitSignal(again.pane.changed):
        again.pane.repair.click()
    again.go_on.click()
    qtbot.waitUntil(lambda: desk.project.counts.conversations == 6)
    assert texts(desk)[-1] == "Wo ist das Päckchen?"


def test_what_is_not_recognised_is_said_and_can_be_chosen(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("picture.jsonl", bytes(range(256)) * 20))
    qtbot.waitUntil(lambda: bool(desk.said))
    assert "not recognised" in desk.said[0].text
    assert not desk.project.is_open
    assert desk.said[0].remedy is not None
    desk.said[0].remedy.action()
    dialog = desk.dialog(qtbot, ReadAsDialog)
    assert not dialog.go_on.isEnabled()
    dialog.reject()


def test_a_chat_is_pasted_with_its_speakers(qtbot: QtBot, desk: Desk) -> None:
    QApplication.clipboard().setText("Mira: Where is it?\nShop: Here.\nMira: Thanks.\n")
    desk.actions.paste.trigger()
    dialog = desk.dialog(qtbot, PasteDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    assert dialog.pane.speakers.menu(0).currentData() == "user"
    with qtbot.waitSignal(dialog.pane.changed):
        menu = dialog.pane.speakers.menu(1)
        menu.setCurrentIndex(menu.findData("system"))
        menu.activated.emit(menu.currentIndex())
    dialog.go_on.click()
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 1)
    [(_, conversation)] = desk.project.project.conversations()
    assert [m.role for m in conversation.messages] == ["user", "system", "user"]


def test_a_pasted_table_goes_through_the_mapper(qtbot: QtBot, desk: Desk) -> None:
    QApplication.clipboard().setText("Question\tAnswer\nWhere?\tHere.\nWhen?\tNow.\n")
    desk.actions.paste.trigger()
    dialog = desk.dialog(qtbot, PasteDialog)
    qtbot.waitUntil(dialog.go_on.isEnabled)
    dialog.go_on.click()
    desk.dialog(qtbot, MapperDialog).go_on.click()
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 2)
    assert desk.project.name == "Pasted text"


@pytest.mark.parametrize("kind", ["folder", "pipe", "empty", "gone"])
def test_what_is_no_file_is_said_and_changes_nothing(qtbot: QtBot, desk: Desk, kind: str) -> None:
    path = desk.folder / kind
    words = {"folder": "is a folder", "pipe": "is a pipe", "empty": "is empty", "gone": "not there"}
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "empty":
            path.touch()
    desk.files.import_file(path)
    qtbot.waitUntil(lambda: bool(desk.said))
    assert words[kind] in desk.said[0].text
    assert not desk.project.is_open
    qtbot.waitUntil(desk.idle)


def test_one_file_after_another_even_if_one_cannot_be_read(qtbot: QtBot, desk: Desk) -> None:
    (desk.folder / "folder").mkdir()
    files: list[Path] = [desk.folder / "folder", desk.file("good.jsonl", line("a"))]
    desk.files.take_all(files)
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 1)


def test_a_table_that_cannot_be_opened_is_said_without_an_empty_dialog(
    qtbot: QtBot, desk: Desk
) -> None:
    bad = desk.file("bad.xlsx", b"PK\x03\x04 [Content_Types].xml xl/ and nothing more")
    desk.files.take_all([bad, desk.file("good.jsonl", line("a"))])
    qtbot.waitUntil(lambda: desk.project.is_open and desk.project.counts.conversations == 1)
    assert "“bad.xlsx” could not be read" in desk.said[0].text
    assert desk.window.findChildren(MapperDialog) == []
    assert desk.project.name == "good"


def test_a_second_import_is_refused_while_a_table_is_being_mapped(qtbot: QtBot, desk: Desk) -> None:
    desk.files.import_file(desk.file("t.csv", "question,answer\na,b\nc,d\n"))
    dialog = desk.dialog(qtbot, MapperDialog)
    desk.files.import_file(desk.file("good.jsonl", line("a")))
    assert "An import is going on" in desk.said[0].text
    dialog.reject()
