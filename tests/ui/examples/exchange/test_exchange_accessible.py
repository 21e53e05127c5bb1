"""The dialogs of importing and exporting, by keyboard and by ear."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.state.examples.exchange.importing import ImportPlan, ImportReport
from desktop_app.state.examples.exchange.looking import Look
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.ui.examples.exchange.export_dialog import ExportDialog
from desktop_app.ui.examples.exchange.mapper_dialog import MapperDialog
from desktop_app.ui.examples.exchange.paste_dialog import PasteDialog
from desktop_app.ui.examples.exchange.preview_cards import begins_rtl
from desktop_app.ui.examples.exchange.read_as_dialog import ReadAsDialog
from desktop_app.ui.examples.import_report_dialog import ImportReportDialog
from tests.ui.examples.exchange.desk import Desk
from tests.ui.test_accessible import traps, unnamed

MENDED = Imported(Conversation((Message("user", "q"), Message("assistant", "a"))), 1)


def report(*rejected: Rejected) -> ImportReport:
    plan = ImportPlan(Source.of_file(Path("a.jsonl")), Reading(Detected(Format.CHAT)), 0.2)
    mendable = sum(item.mended is not None for item in rejected)
    return ImportReport(plan, 5, len(rejected), list(rejected), mendable)


def rejected(*, mended: bool) -> Rejected:
    return Rejected(1, "{", "not_json", "It is no JSON.", MENDED if mended else None)


def dialogs(desk: Desk) -> list[QDialog]:
    choice = desk.exchange.table_choice(
        Source.of_text("t", "Question\tAnswer\na\tb\n"), Detected(Format.TABLE, delimiter="\t")
    )
    with_table = MapperDialog(choice, desk.window)
    choice.load()
    look = Look(Source.of_text("t", "A: b\nB: c\n"), Reading(Detected(Format.CHAT_TEXT)))
    return [
        with_table,
        ReadAsDialog(look, desk.exchange.looking(), desk.window),
        PasteDialog("A: b\nB: c\nA: d\n", desk.exchange.looking(), desk.window),
        ImportReportDialog(report(rejected(mended=True)), desk.window, is_question=True),
        ImportReportDialog(report(rejected(mended=False)), desk.window),
        ExportDialog(desk.project, desk.exchange.latest_task(), "openai", desk.window),
    ]


def test_every_control_has_a_name_and_none_keeps_the_keyboard(qtbot: QtBot, desk: Desk) -> None:
    desk.project.create(desk.folder / "a.exemplar")
    for dialog in dialogs(desk):
        dialog.open()
        if isinstance(dialog, MapperDialog | PasteDialog | ReadAsDialog):
            qtbot.waitUntil(dialog.go_on.isEnabled)
        assert dialog.windowTitle()
        assert unnamed(dialog) == [], type(dialog).__name__
        assert traps(dialog) == []
        with qtbot.waitSignal(dialog.destroyed):
            dialog.close()


def test_a_row_is_mended_from_the_keyboard(qtbot: QtBot, desk: Desk) -> None:
    dialog = ImportReportDialog(
        report(rejected(mended=False), rejected(mended=True)), desk.window, is_question=True
    )
    dialog.open()
    assert not dialog.mend.isVisible()
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_Down)
    assert dialog.mend.isVisible()
    dialog.mend.click()
    assert dialog.rows.is_ticked(1)
    assert "6" in dialog.go_on.text()
    dialog.mend.click()
    assert not dialog.rows.is_ticked(1)
    dialog.reject()


def test_the_script_of_a_text_decides_its_side() -> None:
    assert begins_rtl("12: هل يمكنني الدفع؟")
    assert not begins_rtl("Parcel (طرد)")
    assert not begins_rtl("123")
