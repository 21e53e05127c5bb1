"""The window: header, notices, the five tabs or the welcome page, the status line."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QMenu, QStackedWidget, QWidget
from typing_extensions import override

from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.state.navigation import TABS, Navigation
from desktop_app.state.preferences import Preferences
from desktop_app.storage.project.rows import Counts
from desktop_app.ui.about_dialogs import AboutDialog, ShortcutsDialog
from desktop_app.ui.actions import Actions
from desktop_app.ui.header import Header
from desktop_app.ui.menus import RecentMenu, fill_menu_bar
from desktop_app.ui.project_files import ProjectFiles
from desktop_app.ui.theme import Theme
from desktop_app.ui.welcome.welcome_page import WelcomePage
from desktop_app.ui.widgets.parts import column, label


class MainWindow(QMainWindow):
    """Assembly only: what is in the tabs is made elsewhere. `close_wanted` may be answered no."""

    close_wanted = Signal(object)

    def __init__(
        self,
        desk: ExamplesDesk,
        preferences: Preferences,
        navigation: Navigation,
        actions: Actions,
        theme: Theme,
    ) -> None:
        super().__init__()
        self._desk = desk
        self._open_project = open_project = desk.open_project
        self._preferences = preferences
        self._navigation = navigation
        self._theme = theme
        self._actions = actions
        self._files: ProjectFiles | None = None
        self.setAcceptDrops(True)
        self.resize(1440, 900)
        self.setMinimumSize(800, 560)
        self._build_status_bar()
        open_project.opened.connect(self._show_project)
        open_project.closed.connect(self._show_project)
        open_project.counts_changed.connect(self._show_counts)
        desk.edited.saved_changed.connect(self._show_saved)
        desk.edited.failed.connect(self._show_unsaved)
        navigation.tab_changed.connect(self._show_tab)
        actions.theme_group.triggered.connect(self._choose_theme)
        actions.quit.triggered.connect(self.close)
        actions.undo.triggered.connect(self._undo)
        actions.redo.triggered.connect(self._redo)
        actions.about.triggered.connect(self._about)
        actions.shortcuts.triggered.connect(self._shortcuts)
        for action in actions.tabs:
            action.triggered.connect(self._go_to_tab)

    def fill(
        self,
        pages: Mapping[str, QWidget],
        strips: list[QWidget],
        corner: QWidget,
        files: ProjectFiles,
        message_menu: QMenu,
        tab_menus: Sequence[QMenu],
    ) -> None:
        """Take in what the window shows: a page a tab, strips under the header, the corner."""
        self._files = files
        files.connect_actions(self._actions)
        recent = RecentMenu(self.tr("Open recent"), self._preferences)
        for menu in (recent, message_menu, *tab_menus):
            menu.setParent(self.menuBar(), menu.windowFlags())
        recent.chosen.connect(files.open)
        fill_menu_bar(self.menuBar(), self._actions, recent, message_menu, tab_menus)
        self.header = Header(self._navigation, corner)
        self.pages = pages
        self._tabs = QStackedWidget()
        for tab in TABS:
            self._tabs.addWidget(pages[tab])
        self.welcome = WelcomePage(self._preferences, self._actions)
        self.welcome.recent_chosen.connect(files.open)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self._tabs)
        body = QWidget()
        layout = column(self.header, *strips, self._stack, spacing=0)
        layout.setStretch(layout.count() - 1, 1)
        body.setLayout(layout)
        self.setCentralWidget(body)
        self._restore()
        self._show_project()
        body.setFocus()

    def _build_status_bar(self) -> None:
        self.statusBar().setSizeGripEnabled(False)
        self.counts_label = QLabel()
        self.problems_label = label(tone="bad")
        self.saved_label = QLabel()
        self.statusBar().addWidget(self.counts_label)
        self.statusBar().addWidget(self.problems_label)
        self.statusBar().addPermanentWidget(self.saved_label)

    # Following

    @Slot()
    def _show_project(self) -> None:
        is_open = self._open_project.is_open
        self._stack.setCurrentIndex(1 if is_open else 0)
        self.header.setVisible(is_open)
        self.statusBar().setVisible(is_open)
        name = self._open_project.name
        self.setWindowTitle(f"{name} — Exemplar" if is_open else "Exemplar")
        self._show_saved(True)
        self._show_counts(self._open_project.counts)

    @Slot(object)
    def _show_counts(self, counts: Counts) -> None:
        self.header.set_badge(
            "examples", f"{counts.conversations:,}" if counts.conversations else ""
        )
        said = self.tr("%Ln conversation(s)", "", counts.conversations)
        if counts.test:
            said += self.tr(": %1 for training, %2 held out for the test")
            said = said.replace("%1", f"{counts.training:,}").replace("%2", f"{counts.test:,}")
        self.counts_label.setText(said)
        problems = self.tr("%Ln conversation(s) with a problem", "", counts.with_problems)
        self.problems_label.setText(problems if counts.with_problems else "")

    @Slot(bool)
    def _show_saved(self, saved: bool) -> None:
        self.saved_label.setText(self.tr("All changes saved") if saved else self.tr("Saving…"))

    @Slot()
    def _show_unsaved(self) -> None:
        self.saved_label.setText(self.tr("Not saved"))

    @Slot(str)
    def _show_tab(self, tab: str) -> None:
        self._desk.write()
        self._tabs.setCurrentIndex(TABS.index(tab))

    # Doing

    @Slot()
    def _go_to_tab(self) -> None:
        for tab, action in zip(TABS, self._actions.tabs, strict=True):
            if action is self.sender():
                self._navigation.show(tab)

    @Slot()
    def _choose_theme(self) -> None:
        action = self._actions.theme_group.checkedAction()
        if action is not None:
            self._theme.choose(action.data())
            self._preferences.update(theme=action.data())

    @Slot()
    def _undo(self) -> None:
        self._desk.write()
        self._desk.undo()

    @Slot()
    def _redo(self) -> None:
        self._desk.write()
        self._desk.redo()

    @Slot()
    def _about(self) -> None:
        AboutDialog(self).open()

    @Slot()
    def _shortcuts(self) -> None:
        listed = [a for a in vars(self._actions).values() if hasattr(a, "shortcut")]
        ShortcutsDialog([*listed, *self._actions.tabs], self).open()

    # Coming and going

    def _restore(self) -> None:
        settings = self._preferences.settings
        self._actions.themes[settings.theme].setChecked(True)
        self._theme.choose(settings.theme)
        if settings.window_geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode()))

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._desk.edited.may_be_left():
            event.ignore()
            return
        event.accept()
        self.close_wanted.emit(event)
        if event.isAccepted():
            geometry = bytes(self.saveGeometry().toBase64().data()).decode()
            self._preferences.update(window_geometry=geometry)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_files(event.mimeData())
        if paths and self._files is not None:
            event.acceptProposedAction()
            self._files.take_all(paths)


def dropped_files(data: QMimeData) -> list[Path]:
    """The files of this computer among what is being dropped."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
