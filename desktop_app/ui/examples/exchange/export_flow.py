"""The way of an export: how it is to be written, where, and what was written in the end."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.exchange.exporting import ExportReport, TrainingExport, test_path
from desktop_app.state.examples.exchange.whole_set import (
    document_exporter,
    project_exporter,
    table_exporter,
)
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.exchange.document_words import document_words
from desktop_app.ui.examples.exchange.export_dialog import ExportDialog
from desktop_app.ui.examples.exchange.file_dialogs import saving_dialog
from desktop_app.ui.examples.exchange.pdf_document import pdf_exporter
from desktop_app.ui.project_texts import describe_file_error

TOPIC = "export"


class ExportFlow(QObject):
    """Asks and writes. `service` is for whom training files are offered at first."""

    def __init__(
        self,
        open_project: OpenProject,
        exchange: FileExchange,
        notices: Notices,
        edited: EditedConversation,
        folder: Path,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._open_project = open_project
        self._exchange = exchange
        self._notices = notices
        self._edited = edited
        self._folder = folder
        self._window = window
        self._actions: Actions | None = None
        self._wanted = TrainingExport()
        self._target = Path()
        self.service = "openai"
        exchange.exported.connect(self._tell)
        exchange.report_saved.connect(self._tell_saved)
        exchange.report_failed.connect(self._tell_unsaved)

    def connect_actions(self, actions: Actions) -> None:
        self._actions = actions
        actions.export_files.triggered.connect(self.ask_training)
        actions.export_everything.triggered.connect(self.ask_everything)
        actions.export_table.triggered.connect(self.ask_table)
        actions.export_document.triggered.connect(self.ask_document)

    @Slot(str)
    def set_service(self, service: str) -> None:
        """Follow the connection that is chosen; a service of `core.examples.rules`."""
        self.service = service

    # Asking

    @Slot()
    def ask_training(self) -> None:
        looking = self._exchange.latest_task()
        dialog = ExportDialog(self._open_project, looking, self.service, self._window)
        dialog.wanted.connect(self._ask_where)
        dialog.problems_wanted.connect(self._show_problems)
        dialog.open()

    @Slot(object)
    def _ask_where(self, wanted: TrainingExport) -> None:
        self._wanted = wanted
        files = self.tr("Chat JSONL (*.jsonl)")
        dialog = self._saving(self.tr("Export training files"), files, ".jsonl")
        dialog.fileSelected.connect(self._take_training)
        dialog.open()

    @Slot()
    def ask_everything(self) -> None:
        files = self.tr("Everything from Exemplar (*.jsonl)")
        dialog = self._saving(
            self.tr("Export everything"), files, self.tr(", everything") + ".jsonl"
        )
        dialog.fileSelected.connect(self._write_everything)
        dialog.open()

    @Slot()
    def ask_table(self) -> None:
        dialog = self._saving(self.tr("Export a table"), self.tr("Tables (*.csv)"), ".csv")
        dialog.fileSelected.connect(self._write_table)
        dialog.open()

    @Slot()
    def ask_document(self) -> None:
        files = self.tr("PDF (*.pdf);;Web page (*.html)")
        dialog = self._saving(self.tr("Export a document to print"), files, ".pdf")
        dialog.fileSelected.connect(self._write_document)
        dialog.open()

    @Slot()
    def _show_problems(self) -> None:
        if self._actions is not None:
            self._actions.next_problem.trigger()

    # Writing

    @Slot(str)
    def _take_training(self, path: str) -> None:
        """The dialog has asked about the training file; the test file beside it is another."""
        self._target = Path(path)
        test = test_path(self._target)
        if not (self._open_project.counts.test and test.exists()):
            self._write_training()
            return
        box = QMessageBox(self._window)
        box.setWindowTitle(self.tr("Export training files"))
        box.setText(
            self.tr("“%1” is there already. It would be replaced by the conversations that are "
                    "held out for the test.").replace("%1", test.name)
        )  # fmt: skip
        box.addButton(self.tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.accepted.connect(self._write_training)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    @Slot()
    def _write_training(self) -> None:
        if self._may_write():
            self._exchange.export_training(self._target, self._wanted)

    @Slot(str)
    def _write_everything(self, path: str) -> None:
        if self._may_write():
            work = project_exporter(self._open_project.path, Path(path))
            self._exchange.export(work, Path(path).name)

    @Slot(str)
    def _write_table(self, path: str) -> None:
        if self._may_write():
            work = table_exporter(self._open_project.path, Path(path))
            self._exchange.export(work, Path(path).name)

    @Slot(str)
    def _write_document(self, path: str) -> None:
        if self._may_write():
            is_web = Path(path).suffix.lower() in (".html", ".htm")
            make = document_exporter if is_web else pdf_exporter
            name = self._open_project.name
            work = make(self._open_project.path, Path(path), name, document_words())
            self._exchange.export(work, Path(path).name)

    def _may_write(self) -> bool:
        self._edited.write()
        if not self._exchange.is_running:
            return self._open_project.is_open
        text = self.tr(
            "Another import or export is going on. Wait for its end, or cancel it first."
        )
        self._notices.post(Notice(text, "bad", topic=TOPIC))
        return False

    def _saving(self, title: str, files: str, ending: str) -> QFileDialog:
        folder = self._folder if self._folder.exists() else Path.home()
        name = f"{self._open_project.name}{ending}"
        return saving_dialog(self._window, title, files, name, folder)

    # Saying

    @Slot(object)
    def _tell(self, report: ExportReport) -> None:
        text = self.tr("%Ln conversation(s) written to %1", "", report.written)
        text = text.replace("%1", report.path.name)
        if report.test is not None:
            said = self.tr(", %Ln for the test to %1", "", report.n_test)
            text += said.replace("%1", report.test.name)
        text += "."
        if report.left_out:
            text += " " + self._left_out(report)
        level = "warning" if report.left_out else "good"
        self._notices.post(Notice(text, level, topic=TOPIC))

    def _left_out(self, report: ExportReport) -> str:
        if report.path.suffix.lower() == ".pdf":
            text = self.tr("A PDF has room for no more; %Ln are not in it. ", "", report.left_out)
            return text + self.tr("A web page (HTML) holds all.")
        return self.tr("%Ln that the service would refuse were left out.", "", report.left_out)

    @Slot(object)
    def _tell_saved(self, path: Path) -> None:
        text = self.tr("The rows that could not be read are listed in %1.").replace("%1", path.name)
        self._notices.post(Notice(text, "good", topic="report"))

    @Slot(object)
    def _tell_unsaved(self, error: Exception) -> None:
        text = describe_file_error(error, self.tr("The list"))
        self._notices.post(Notice(text, "bad", detail=type(error).__name__, topic="report"))
