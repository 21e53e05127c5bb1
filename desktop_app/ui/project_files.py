"""Opening, making, importing and exporting files: the dialogs, and what is said afterwards."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.state.examples.edited_conversation import EditedConversation
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.state.examples.file_exchange import FileExchange
from desktop_app.state.notices import Notice, Notices
from desktop_app.state.open_project import OpenProject
from desktop_app.state.preferences import Preferences
from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.exchange.export_flow import ExportFlow
from desktop_app.ui.examples.exchange.import_flow import ImportFlow
from desktop_app.ui.examples.exchange.problem_texts import describe_import_error
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
        self._made_for_import: Path | None = None
        self._closed_empty: Path | None = None
        self._empty: Path | None = None
        # Before the flow asks for what comes next: an empty project is gone by then.
        exchange.finished.connect(self._drop_if_empty)
        exchange.let_go.connect(self._remove_empty)
        self.imports = ImportFlow(exchange, preferences, notices, self._make_for_import, window)
        self.exports = ExportFlow(open_project, exchange, notices, edited, folder, window)
        exchange.failed.connect(self._tell_failure)
        exchange.finished.connect(self.imports.go_on)
        open_project.opened.connect(self._remember)
        open_project.closing.connect(self._note_empty)

    def connect_actions(self, actions: Actions) -> None:
        actions.new_project.triggered.connect(self.ask_new)
        actions.open_project.triggered.connect(self.ask_open)
        actions.open_sample.triggered.connect(self.open_sample)
        actions.import_file.triggered.connect(self.ask_import)
        actions.paste.triggered.connect(self.paste)
        actions.close_project.triggered.connect(self.close)
        self.exports.connect_actions(actions)

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
            chat = Detected(Format.CHAT, container=Container.LINES)
            self.imports.start(Source.of_file(self._sample), Reading(chat))

    def take_all(self, paths: Sequence[Path]) -> None:
        """Open the first project among files, and import all that are none, one after another."""
        projects = [path for path in paths if path.suffix == SUFFIX]
        if projects and not self.open(str(projects[0])):
            return
        others = [path for path in paths if path.suffix != SUFFIX]
        if others:
            self.imports.take(others)

    def import_file(self, path: Path) -> None:
        """Import into the open project, or into a new one named like the file."""
        self.imports.take([path])

    @Slot()
    def paste(self) -> None:
        """Show what was copied, and what conversations would come of it."""
        self.imports.paste(QGuiApplication.clipboard().text())

    def _make_for_import(self, name: str) -> bool:
        """Make a project of a name if none is open; returns whether one is."""
        if self._open_project.is_open:
            return True
        made = self._unused(name)
        if self._create(made):
            self._made_for_import = made
        return self._open_project.is_open

    @Slot()
    def _drop_if_empty(self) -> None:
        """Take away a project that was made for an import of which nothing came."""
        made, self._made_for_import = self._made_for_import, None
        if made is None:
            return
        if self._open_project.is_open and self._open_project.path == made:
            if self._open_project.undo_entry is not None:
                return
            self._open_project.close()
            self._empty = made
            self._remove_empty()
        elif made == self._closed_empty:
            self._empty = made
            self._forget(made)

    @Slot()
    def _remove_empty(self) -> None:
        """Delete it now that no worker has it open: what SQLite keeps beside it goes with it."""
        empty, self._empty = self._empty, None
        if empty is None or (self._open_project.is_open and self._open_project.path == empty):
            return
        self._forget(empty)
        with suppress(OSError):
            empty.unlink()

    @Slot()
    def _note_empty(self) -> None:
        """Remember whether anything was ever done in the project that is being closed."""
        is_empty = self._open_project.undo_entry is None
        self._closed_empty = self._open_project.path if is_empty else None

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
        files = self.tr(
            "Conversations (*.jsonl *.json *.csv *.tsv *.xlsx *.xlsm *.txt);;All files (*)"
        )
        dialog = self._dialog(self.tr("Import conversations"), files)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._import_chosen)
        dialog.open()

    def _dialog(self, title: str, files: str) -> QFileDialog:
        folder = self._folder if self._folder.exists() else Path.home()
        dialog = QFileDialog(self._window, title, str(folder), files)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    @Slot(str)
    def _new_at(self, path: str) -> None:
        self._create(Path(path), replace=True)  # The dialog has asked whether it may.

    @Slot("QStringList")
    def _import_chosen(self, paths: list[str]) -> None:
        self.imports.take([Path(path) for path in paths])

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        text = describe_import_error(error, self._exchange.name)
        self._say(text, detail=type(error).__name__)

    # The project

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
