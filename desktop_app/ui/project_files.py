"""Opening, making, importing and exporting files: the dialogs, and what is said afterwards."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.file_exchange import ExportReport, FileExchange, ImportReport
from desktop_app.state.notices import Notice, Notices, Remedy
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.import_report_dialog import ImportReportDialog
from desktop_app.ui.project_texts import describe_file_error, describe_project_error

SUFFIX = ".exemplar"


class ProjectFiles(QObject):
    """New projects go to `folder` unless their user says otherwise."""

    def __init__(
        self,
        open_project: OpenProject,
        exchange: FileExchange,
        preferences: Preferences,
        notices: Notices,
        edited: EditedConversation,
        folder: Path,
        sample: Path,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._open_project = open_project
        self._exchange = exchange
        self._preferences = preferences
        self._notices = notices
        self._edited = edited
        self._folder = folder
        self._sample = sample
        self._window = window
        self._report: ImportReport | None = None
        self._made_for_import: Path | None = None
        exchange.imported.connect(self._tell_import)
        exchange.finished.connect(self._drop_if_empty)
        exchange.exported.connect(self._tell_export)
        exchange.failed.connect(self._tell_failure)
        open_project.opened.connect(self._remember)

    def connect_actions(self, actions: Actions) -> None:
        actions.new_project.triggered.connect(self.ask_new)
        actions.open_project.triggered.connect(self.ask_open)
        actions.open_sample.triggered.connect(self.open_sample)
        actions.import_file.triggered.connect(self.ask_import)
        actions.export_files.triggered.connect(self.ask_export)
        actions.close_project.triggered.connect(self.close)

    # Without a dialog

    @Slot(str)
    def open(self, path: str) -> bool:
        """Open a project and say so if that cannot be; returns whether it is open."""
        return self._attempt(lambda: self._open_project.open(Path(path)))

    @Slot()
    def close(self) -> None:
        """Close the project, unless that would lose what cannot be written."""
        if self._edited.may_be_left():
            self._open_project.close()

    @Slot()
    def open_sample(self) -> None:
        """Open the sample project, making it first if this is the first time."""
        path = self._folder / (self._sample.stem.capitalize() + SUFFIX)
        if path.exists():
            self.open(str(path))
        elif self._create(path):
            self._exchange.import_file(self._sample, self._preferences.settings.test_share)

    def take_dropped(self, path: Path) -> None:
        """Open a project, or import anything else."""
        if path.suffix == SUFFIX:
            self.open(str(path))
        else:
            self.import_file(path)

    def import_file(self, path: Path) -> None:
        """Import into the open project, or into a new one named like the file."""
        if not path.is_file():
            error = IsADirectoryError(21, "") if path.is_dir() else FileNotFoundError(2, "")
            self._say(describe_file_error(error, path.name))
            return
        if self._exchange.is_running:
            self._say(self.tr("An import is going on. Wait for its end, or cancel it first."))
            return
        if not self._open_project.is_open:
            made = self._unused(path.stem)
            if not self._create(made):
                return
            self._made_for_import = made
        self._exchange.import_file(path, self._preferences.settings.test_share)

    @Slot()
    def _drop_if_empty(self) -> None:
        """Take away a project that was made for an import of which nothing came."""
        made, self._made_for_import = self._made_for_import, None
        if made is None or not self._open_project.is_open or self._open_project.path != made:
            return
        if self._open_project.undo_entry is None:
            self._open_project.close()
            self._forget(made)
            with suppress(OSError):
                made.unlink()

    # With a dialog

    @Slot()
    def ask_new(self) -> None:
        dialog = self._dialog(self.tr("New project"), self.tr("Exemplar projects (*.exemplar)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX)
        with suppress(OSError):  # Making the project there says what is wrong.
            self._folder.mkdir(parents=True, exist_ok=True)
        dialog.selectFile(str(self._unused(self.tr("My project"))))
        dialog.fileSelected.connect(self._new_at)
        dialog.open()

    @Slot()
    def ask_open(self) -> None:
        dialog = self._dialog(self.tr("Open project"), self.tr("Exemplar projects (*.exemplar)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open)
        dialog.open()

    @Slot()
    def ask_import(self) -> None:
        files = self.tr("Conversations (*.jsonl *.json *.txt);;All files (*)")
        dialog = self._dialog(self.tr("Import conversations"), files)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._import_chosen)
        dialog.open()

    @Slot()
    def ask_export(self) -> None:
        dialog = self._dialog(self.tr("Export training files"), self.tr("Chat JSONL (*.jsonl)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(".jsonl")
        dialog.selectFile(f"{self._open_project.name}.jsonl")
        dialog.fileSelected.connect(self._export_to)
        dialog.open()

    def _dialog(self, title: str, files: str) -> QFileDialog:
        folder = self._folder if self._folder.exists() else Path.home()
        dialog = QFileDialog(self._window, title, str(folder), files)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    @Slot(str)
    def _new_at(self, path: str) -> None:
        self._create(Path(path), replace=True)  # The dialog has asked whether it may.

    @Slot(str)
    def _import_chosen(self, path: str) -> None:
        self.import_file(Path(path))

    @Slot(str)
    def _export_to(self, path: str) -> None:
        self._exchange.export_files(Path(path))

    # What is said

    @Slot(object)
    def _tell_import(self, report: ImportReport) -> None:
        self._report = report
        name = report.path.name
        if report.n_rejected == 0:
            text = self.tr("%Ln conversation(s) imported from %1.", "", report.imported)
            self._notices.post(Notice(text.replace("%1", name), "good", topic="import"))
            return
        word = self.tr("Show them") if report.imported else self.tr("Show why")
        remedy = Remedy(word, self._show_report)
        if report.imported == 0:
            text = self.tr(
                "Nothing in %1 could be read as a conversation. Exemplar reads chat JSONL: a line "
                'a conversation, {"messages": […]}. Save it in that form and import it again.'
            )
        else:
            text = self.tr("%Ln conversation(s) imported from %1; ", "", report.imported)
            text += self.tr("%Ln line(s) could not be read.", "", report.n_rejected)
        self._notices.post(
            Notice(text.replace("%1", name), "warning", remedy=remedy, topic="import")
        )

    def _show_report(self) -> None:
        if self._report is not None:
            ImportReportDialog(self._report, self._window).open()

    @Slot(object)
    def _tell_export(self, report: ExportReport) -> None:
        text = self.tr("%Ln conversation(s) written to %1", "", report.n_training)
        text = text.replace("%1", report.training.name)
        if report.test is not None:
            text += self.tr(", %Ln for the test to %1", "", report.n_test).replace(
                "%1", report.test.name
            )
        self._notices.post(Notice(text + ".", "good", topic="export"))

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self._say(describe_file_error(error, self.tr("The file")), detail=type(error).__name__)

    @Slot()
    def _remember(self) -> None:
        settings = self._preferences.settings.with_recent(self._open_project.path)
        self._preferences.update(
            recent_projects=settings.recent_projects, last_project=settings.last_project
        )

    def _create(self, path: Path, *, replace: bool = False) -> bool:
        def make() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open_project.create(path, replace=replace)

        return self._attempt(make)

    def _attempt(self, open_it: Callable[[], None]) -> bool:
        if not self._edited.may_be_left():
            return False
        try:
            open_it()
        except ProjectError as error:
            self._say(describe_project_error(error), detail=error.detail)
            if error.kind == ProjectErrorKind.MISSING:
                self._forget(error.path)
            return False
        except OSError as error:
            self._say(describe_file_error(error, self._folder.name))
            return False
        self._notices.withdraw("project")
        return True

    def _forget(self, path: Path) -> None:
        known = self._preferences.settings.recent_projects
        self._preferences.update(recent_projects=tuple(p for p in known if p != str(path)))

    def _say(self, text: str, detail: str = "") -> None:
        self._notices.post(Notice(text, "bad", detail=detail, topic="project"))

    def _unused(self, stem: str) -> Path:
        path, number = self._folder / f"{stem}{SUFFIX}", 2
        while path.exists():
            path, number = self._folder / f"{stem} {number}{SUFFIX}", number + 1
        return path
