"""The way of an import: look at the source, ask where it is not evident, read it, say what came."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDialog, QWidget

from desktop_app.core.examples.formats.format import Format
from desktop_app.state.examples.exchange.importing import ImportPlan, ImportQuestion, ImportReport
from desktop_app.state.examples.exchange.looking import Look
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.examples.exchange.table_choice import TableChoice
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.state.preferences import Preferences
from desktop_app.ui.examples.exchange.file_dialogs import saving_dialog
from desktop_app.ui.examples.exchange.import_notices import ImportTexts
from desktop_app.ui.examples.exchange.mapper_dialog import MapperDialog
from desktop_app.ui.examples.exchange.paste_dialog import PasteDialog
from desktop_app.ui.examples.exchange.problem_texts import describe_import_error
from desktop_app.ui.examples.exchange.read_as_dialog import ReadAsDialog
from desktop_app.ui.examples.import_report_dialog import ImportReportDialog

TOPIC = "import"


class ImportFlow(QObject):
    """One source after another. `make_project` makes one of a name if none is open."""

    def __init__(
        self,
        exchange: FileExchange,
        preferences: Preferences,
        notices: Notices,
        make_project: Callable[[str], bool],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._exchange = exchange
        self._preferences = preferences
        self._notices = notices
        self._make_project = make_project
        self._window = window
        self._texts = ImportTexts(self)
        self._queue: list[Source] = []
        self._source: Source | None = None
        self._dialog: QDialog | None = None
        self._is_loading = False
        self._otherwise: Look | None = None
        self._report: ImportReport | None = None
        self._looking = exchange.looking()
        self._looking.setParent(self)
        self._looking.looked.connect(self._take_look)
        self._looking.failed.connect(self._tell_failure)
        exchange.asked.connect(self._ask)
        exchange.imported.connect(self._tell_import)

    @property
    def is_busy(self) -> bool:
        """Whether an import goes on, or is being asked about."""
        is_reading = self._exchange.is_running or self._looking.is_running or self._is_loading
        return is_reading or self._dialog is not None

    def take(self, paths: Sequence[Path]) -> None:
        """Import files one after the other, each as a step of its own."""
        if self.is_busy:
            self._say(self.tr("An import is going on. Wait for its end, or cancel it first."))
            return
        self._queue = [Source.of_file(path) for path in paths]
        self._next()

    def paste(self, text: str) -> None:
        """Show what was copied and what would come of it."""
        if self.is_busy:
            self._say(self.tr("An import is going on. Wait for its end, or cancel it first."))
            return
        dialog = PasteDialog(text, self._exchange.looking(), self._window)
        dialog.wanted.connect(self._take_choice)
        self._show(dialog)

    def start(self, source: Source, reading: Reading) -> None:
        """Import without a question."""
        name = source.path.stem if source.path is not None else source.name
        if self._make_project(name):
            self._source = source
            share = self._preferences.settings.test_share
            self._exchange.import_from(ImportPlan(source, reading, share))

    @Slot()
    def go_on(self) -> None:
        """Take the next source, once everything about the one before has ended."""
        if self._otherwise is not None:
            look, self._otherwise = self._otherwise, None
            self._ask_how(look)
        elif not self.is_busy:
            self._next()

    def _next(self) -> None:
        if self._queue:
            self._source = self._queue.pop(0)
            self._looking.look(self._source)

    # Asking

    @Slot(object)
    def _take_look(self, look: Look) -> None:
        detected = look.detected
        if detected.format == Format.UNKNOWN:
            self._tell_unknown(look)
            self.go_on()
        elif not look.reading.is_table and (
            detected.has_mojibake or detected.format == Format.CHAT_TEXT
        ):
            self._ask_how(look)
        else:
            self._take_choice(look)

    @Slot(object)
    def _take_choice(self, look: Look) -> None:
        """Its user has seen what it is, or it is evident."""
        if not look.reading.is_table:
            self.start(look.source, look.reading)
            return
        choice = self._exchange.table_choice(look.source, look.detected)
        choice.setParent(self)
        choice.changed.connect(self._show_mapper)
        choice.failed.connect(self._tell_failure)
        choice.failed.connect(choice.deleteLater)
        self._source = look.source
        self._is_loading = True
        choice.load()

    @Slot()
    def _show_mapper(self) -> None:
        choice = self.sender()
        assert isinstance(choice, TableChoice)
        self._is_loading = False
        choice.changed.disconnect(self._show_mapper)
        choice.failed.disconnect(self._tell_failure)
        choice.failed.disconnect(choice.deleteLater)
        dialog = MapperDialog(choice, self._window)
        dialog.wanted.connect(self._take_reading)
        self._show(dialog)

    @Slot(object)
    def _take_reading(self, reading: Reading) -> None:
        if self._source is not None:
            self.start(self._source, reading)

    def _ask_how(self, look: Look) -> None:
        dialog = ReadAsDialog(look, self._exchange.looking(), self._window)
        dialog.wanted.connect(self._take_choice)
        self._show(dialog)

    @Slot(object)
    def _ask(self, question: ImportQuestion) -> None:
        self._report = question.report
        dialog = ImportReportDialog(question.report, self._window, is_question=True)
        dialog.decided.connect(self._exchange.answer)
        dialog.rejected.connect(self._exchange.cancel)
        dialog.read_otherwise.connect(self._read_otherwise)
        dialog.save_wanted.connect(self._ask_where_to_save)
        # Closing the project ends the import, and with it the question.
        self._exchange.finished.connect(dialog.accept)
        self._show(dialog)

    def _show(self, dialog: QDialog) -> None:
        self._dialog = dialog
        dialog.finished.connect(self._close)
        dialog.open()

    @Slot()
    def _close(self) -> None:
        self._dialog = None
        self.go_on()

    @Slot()
    def _read_otherwise(self) -> None:
        """Give this import up, and ask how the source is to be read."""
        if self._report is not None:
            plan = self._report.plan
            self._otherwise = Look(plan.source, plan.reading)
        if self._exchange.is_running:
            self._exchange.cancel()
        elif self._dialog is not None:
            self._dialog.accept()

    @Slot()
    def _ask_where_to_save(self) -> None:
        if self._dialog is not None and self._report is not None:
            name = self.tr("%1, not imported").replace("%1", Path(self._report.name).stem)
            files = self.tr("Tables (*.csv)")
            dialog = saving_dialog(self._dialog, self.tr("Save this list"), files, f"{name}.csv")
            dialog.fileSelected.connect(self._save_report)
            dialog.open()

    @Slot(str)
    def _save_report(self, path: str) -> None:
        if self._report is not None:
            self._exchange.save_report(self._report, Path(path))

    # Saying

    @Slot(object)
    def _tell_import(self, report: ImportReport) -> None:
        self._report = report
        remedy = None
        if report.left_out:
            word = self.tr("Show them") if report.imported else self.tr("Show why")
            remedy = Remedy(word, self._show_report)
        is_good = report.imported > 0 and not report.left_out and not report.notes
        text = self._texts.outcome(report)
        level = "good" if is_good else "warning"
        detail = "\n".join(report.notes)
        self._notices.post(Notice(text, level, detail, remedy=remedy, topic=TOPIC))

    @Slot()
    def _show_report(self) -> None:
        if self._report is not None:
            dialog = ImportReportDialog(self._report, self._window)
            dialog.read_otherwise.connect(self._read_otherwise)
            dialog.save_wanted.connect(self._ask_where_to_save)
            self._show(dialog)

    def _tell_unknown(self, look: Look) -> None:
        self._unknown = look
        text = self.tr(
            "What is in “%1” is not recognised, so nothing was imported. Exemplar reads chat JSONL "
            "and other JSON of conversations, tables (CSV, XLSX) and chats as text."
        ).replace("%1", look.source.name)
        remedy = Remedy(self.tr("Choose how to read it…"), self._read_unknown)
        self._notices.post(Notice(text, "warning", remedy=remedy, topic=TOPIC))

    def _read_unknown(self) -> None:
        if not self.is_busy:
            self._ask_how(self._unknown)

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self._is_loading = False
        name = self._source.name if self._source is not None else self.tr("The file")
        self._say(describe_import_error(error, name), detail=type(error).__name__)
        self.go_on()

    def _say(self, text: str, detail: str = "") -> None:
        self._notices.post(Notice(text, "bad", detail=detail, topic="project"))
