"""Opens what the menus offer for the whole set, and for the conversations that are selected."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from desktop_app.state.examples.desk import ExamplesDesk
from desktop_app.storage.project.rows import Filter
from desktop_app.ui.actions import Actions
from desktop_app.ui.examples.dialogs.find_replace_dialog import FindReplaceDialog
from desktop_app.ui.examples.dialogs.history_dialog import HistoryDialog
from desktop_app.ui.examples.dialogs.set_check_dialog import SetCheckDialog
from desktop_app.ui.examples.dialogs.test_set_dialog import TestSetDialog
from desktop_app.ui.examples.dialogs.tuning_dialog import TuningDialog
from desktop_app.ui.examples.dialogs.versions_dialog import VersionsDialog
from desktop_app.ui.examples.list_panel import ListPanel
from desktop_app.ui.examples.tags_dialog import TagsDialog
from desktop_app.ui.theme import Theme


class DeskDialogs(QObject):
    """What is typed is on disk before any of them opens."""

    def __init__(
        self,
        desk: ExamplesDesk,
        list_panel: ListPanel,
        actions: Actions,
        theme: Theme,
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._desk = desk
        self._list_panel = list_panel
        self._theme = theme
        self._page = page
        actions.find_replace.triggered.connect(self.find_replace)
        actions.conversation_history.triggered.connect(self.history)
        actions.versions.triggered.connect(self.versions)
        actions.check_set.triggered.connect(self.check_set)
        actions.should_tune.triggered.connect(self.should_tune)
        actions.choose_test_set.triggered.connect(self.choose_test_set)
        actions.tag_conversations.triggered.connect(self.tags)

    @Slot()
    def find_replace(self) -> None:
        self._desk.write()
        shown = self._desk.conversations.filter
        dialog = FindReplaceDialog(
            self._desk.finder, self._desk.bulk, self._desk.open_project, shown, self._window
        )
        dialog.conversation_wanted.connect(self._go_to)
        dialog.open()

    @Slot()
    def history(self) -> None:
        id = self._desk.edited.id
        if id is not None:
            self._desk.write()
            HistoryDialog(
                id, self._desk.edited, self._desk.open_project, self._theme, self._window
            ).open()

    @Slot()
    def versions(self) -> None:
        self._desk.write()
        VersionsDialog(
            self._desk.versions, self._desk.bulk, self._desk.open_project, self._theme, self._window
        ).open()

    @Slot()
    def check_set(self) -> None:
        self._desk.write()
        dialog = SetCheckDialog(self._desk, self._window)
        dialog.filter_wanted.connect(self._list_panel.show_filter)
        dialog.open()

    @Slot()
    def should_tune(self) -> None:
        self._desk.write()
        TuningDialog(self._desk.open_project, self._desk.runner, self._window).open()

    @Slot()
    def choose_test_set(self) -> None:
        self._desk.write()
        TestSetDialog(self._desk, self._window).open()

    @Slot()
    def tags(self) -> None:
        self._desk.write()
        TagsDialog(
            self._desk.marking,
            self._desk.conversations.facets.facets,
            self._list_panel.selected_ids(),
            self._list_panel.found_ids(),
            self._window,
        ).open()

    @property
    def _window(self) -> QWidget:
        return self._page.window()

    @Slot(object)
    def _go_to(self, id: int) -> None:
        if self._desk.conversations.position_of(id) is None:
            self._list_panel.show_filter(Filter())
        self._list_panel.go_to(id)
