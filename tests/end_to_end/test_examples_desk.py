"""From a broken spreadsheet to a training file that is accepted, in the real window."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from openpyxl import Workbook
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from desktop_app.app import Places, Program
from desktop_app.core.examples.chat_jsonl import parse_line
from desktop_app.core.examples.checks import BLOCKS, check_conversation
from desktop_app.core.examples.rules import rules_for
from desktop_app.engine.jobs_runner.training_file import FileUse, count_examples
from desktop_app.ui.examples.dialogs.set_check_dialog import SetCheckDialog
from desktop_app.ui.examples.dialogs.test_set_dialog import TestSetDialog
from desktop_app.ui.examples.exchange.export_dialog import ExportDialog
from desktop_app.ui.examples.exchange.mapper_dialog import MapperDialog
from desktop_app.ui.examples.import_report_dialog import ImportReportDialog
from tools.main_job import pause, press, wait_until

SECONDS = 30
D = TypeVar("D", bound=QDialog)

ARABIC = "هل يمكنني الدفع عند الاستلام؟"
JAPANESE = "荷物はいつ届きますか？"
ROWS = 150
TOPICS = ("delivery", "billing", "returns")


def broken_workbook(path: Path) -> Path:
    """150 rows with what goes wrong in spreadsheets; a ticket has one or two rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["Tickets of the spring"])
    sheet.append(["Ticket", "Customer wrote", "Our answer", "Topic"])
    for number in range(ROWS):
        ticket, topic = number // 2, TOPICS[number % 3]
        question, answer = (
            f"Where is order {4400 + number}?",
            f"Order {4400 + number} is on its way.",
        )
        if number % 30 == 1:
            answer = ""  # The second turn of a ticket was never answered.
        elif number % 30 == 4:
            answer += "<|im_end|>"
        elif number % 30 == 10:
            question, answer = "", ""  # Only a topic is left.
        elif number % 30 == 16:
            answer = f" {answer} "
        elif number == 20:
            question, answer = ARABIC, "نعم، يمكنك الدفع نقدا."
        elif number == 44:
            question, answer = JAPANESE, "明日お届けします。"
        sheet.append([f"T-{ticket}", question, answer, topic])
        if number == 75:
            sheet.append([])
    sheet.cell(row=12, column=7, value="a word that slipped to the side")
    book.save(path)
    return path


@dataclass
class Sitting:
    """The program, opened in the same places each time; dialogs are used as their user would."""

    application: QApplication
    folder: Path
    programs: list[Program] = field(default_factory=list)

    @property
    def program(self) -> Program:
        return self.programs[-1]

    def open(self, *paths: Path) -> Program:
        places = Places(self.folder / "config", self.folder / "engine", self.folder / "projects")
        self.programs.append(Program(self.application, places))
        self.program.start(paths)
        return self.program

    def close(self) -> None:
        self.program.shut_down()
        self.program.window.deleteLater()
        self.program.deleteLater()
        pause(50)

    def dialog(self, kind: type[D]) -> D:
        """Wait for a dialog of a kind and return it."""

        def shown() -> list[D]:
            found = self.program.window.findChildren(kind)
            return [each for each in found if each.isVisible()]

        wait_until(shown, kind.__name__, SECONDS)
        return shown()[0]

    def until(self, is_so: Callable[[], object], what: str) -> None:
        wait_until(is_so, what, SECONDS)

    def until_imported(self) -> None:
        exchange, files = self.program.desk.exchange, self.program.files
        self.until(lambda: not exchange.is_running and not files.imports.is_busy, "the import")

    def found(self, text: str) -> list[str]:
        """Search in the list as its user would; return the titles found."""
        page, conversations = self.program.examples_page, self.program.desk.conversations
        page.list_panel.search.setText(text)
        pause(100)
        self.until(
            lambda: conversations.filter.text == text and not conversations.is_searching, "search"
        )
        index = conversations.index
        return [str(conversations.data(index(n, 0))) for n in range(len(conversations.ids))]


@pytest.fixture
def sitting(qapp: QApplication, tmp_path: Path) -> Iterator[Sitting]:
    sitting = Sitting(qapp, tmp_path)
    sitting.open()
    yield sitting
    sitting.close()
    qapp.setStyleSheet("")


def import_workbook(sitting: Sitting, path: Path) -> None:
    """Through the column mapper and the report of what could not be read."""
    sitting.program.files.take_all([path])
    press(sitting.dialog(MapperDialog).go_on)
    report = sitting.dialog(ImportReportDialog)
    assert report.rows.rowCount() == 6  # Five without a word, one with a cell too many.
    press(report.go_on)
    sitting.until_imported()


def import_and_mend(sitting: Sitting, path: Path) -> None:
    """Rows with evident slips: all of them mended from the report."""
    good = '{"messages": [{"role": "user", "content": "Is it oak?"}, '
    good += '{"role": "assistant", "content": "Yes, solid oak."}]'
    path.write_text(f"{good},}}\n{good}\n{good}}}\n", encoding="utf-8")
    sitting.program.files.take_all([path])
    report = sitting.dialog(ImportReportDialog)
    press(report.mend_all)
    press(report.go_on)
    sitting.until_imported()


def fix_all(sitting: Sitting) -> None:
    """By the buttons of the screen that checks the whole set."""
    sitting.program.actions.check_set.trigger()
    dialog = sitting.dialog(SetCheckDialog)
    press(dialog.mend_all)
    sitting.until(lambda: sitting.program.open_project.counts.with_problems == 0, "the mends")
    dialog.reject()


def hold_out(sitting: Sitting, percent: int) -> None:
    sitting.program.actions.choose_test_set.trigger()
    dialog = sitting.dialog(TestSetDialog)
    dialog.anew.setChecked(True)
    dialog.percent.setValue(percent)
    press(dialog.choose)
    sitting.until(lambda: not sitting.program.desk.bulk.is_running, "the split")


def export(sitting: Sitting, path: Path) -> None:
    sitting.program.actions.export_files.trigger()
    dialog = sitting.dialog(ExportDialog)
    press(dialog.go_on)
    chooser = sitting.dialog(QFileDialog)
    chooser.fileSelected.emit(str(path))
    chooser.reject()
    sitting.until(path.exists, "the export")
    sitting.until(lambda: not sitting.program.desk.exchange.is_running, "the export")


def test_a_broken_spreadsheet_becomes_an_accepted_training_file(sitting: Sitting) -> None:
    counts = sitting.program.open_project
    import_workbook(sitting, broken_workbook(sitting.folder / "tickets.xlsx"))
    tickets = counts.counts.conversations
    assert 70 <= tickets <= ROWS // 2
    import_and_mend(sitting, sitting.folder / "more.jsonl")
    assert counts.counts.conversations == tickets + 3
    assert counts.counts.with_problems > 0

    fix_all(sitting)
    hold_out(sitting, 20)
    share = counts.counts.test / counts.counts.conversations
    assert 0.15 <= share <= 0.25
    assert sitting.found("الدفع") == [ARABIC]
    assert sitting.found("届き") == [JAPANESE]

    edited = edit_what_is_found(sitting)
    sitting.found("")
    sitting.close()
    path = next((sitting.folder / "projects").glob("*.exemplar"))
    again = sitting.open(path)
    assert again.open_project.project.conversation(edited).messages[0].text == JAPANESE + "!"
    again.actions.undo.trigger()
    assert again.open_project.project.conversation(edited).messages[0].text == JAPANESE

    target = sitting.folder / "out" / "training.jsonl"
    target.parent.mkdir()
    export(sitting, target)
    check_accepted(target, again.open_project.counts.training)


def edit_what_is_found(sitting: Sitting) -> int:
    """Type into the conversation that the search has left; return which one it is."""
    page = sitting.program.examples_page
    found = sitting.program.desk.conversations.ids[0]
    page.list_panel.go_to(found)
    sitting.until(lambda: sitting.program.desk.edited.id == found, "the conversation")
    text = page.editor.card(0).text
    text.moveCursor(text.textCursor().MoveOperation.End)
    QTest.keyClicks(text, "!")
    sitting.until(lambda: sitting.program.desk.edited.is_written, "saving")
    return found


def check_accepted(path: Path, expected: int) -> None:
    """By the engine's own validation, and by the rules of the hosted service."""
    lines = path.read_bytes().splitlines()
    assert len(lines) == expected >= 10
    assert not path.read_bytes().startswith(b"\xef\xbb\xbf")
    rules = rules_for("openai")
    found = [f for line in lines for f in check_conversation(parse_line(line), rules)]
    assert [finding for finding in found if finding.severity == BLOCKS] == []
    assert count_examples(path, FileUse(), stopped=threading.Event()) == expected
