"""The menu bar."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar

from desktop_app.state.preferences import Preferences
from desktop_app.ui.actions import Actions


class RecentMenu(QMenu):
    """The projects that were open lately; those that are gone are left out."""

    chosen = Signal(str)

    def __init__(self, title: str, preferences: Preferences) -> None:
        super().__init__(title)
        self._preferences = preferences
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        for text in self._preferences.settings.recent_projects:
            path = Path(text)
            if path.exists():
                action = self.addAction(path.stem)
                action.setToolTip(text)
                action.setData(text)
                action.triggered.connect(self._choose)
        if self.isEmpty():
            self.addAction(self.tr("None yet")).setEnabled(False)

    @Slot()
    def _choose(self) -> None:
        sender: QObject = self.sender()
        if isinstance(sender, QAction):
            self.chosen.emit(sender.data())


def fill_menu_bar(
    bar: QMenuBar,
    actions: Actions,
    recent: QMenu,
    message: QMenu,
    tab_menus: Sequence[QMenu],
) -> None:
    """Put every action into its menu; `message` has those of the message at hand."""
    a = actions
    file = bar.addMenu(bar.tr("&File"))
    file.addActions([a.new_project, a.open_project])
    file.addMenu(recent)
    file.addAction(a.open_sample)
    _part(file, [a.import_file, a.paste])
    _part(file, [a.export_files, a.export_everything, a.export_table, a.export_document])
    _part(file, [a.connections, a.models])
    _part(file, [a.close_project, a.quit])
    edit = bar.addMenu(bar.tr("&Edit"))
    edit.addActions([a.undo, a.redo])
    _part(edit, [a.find, a.find_replace])
    _part(edit, [a.conversation_history, a.versions])
    examples = bar.addMenu(bar.tr("E&xamples"))
    examples.addActions([a.new_conversation, a.duplicate_conversation, a.join_conversations])
    examples.addActions([a.delete_conversations, a.restore_conversations])
    _part(examples, [a.tag_conversations, a.shared_instructions])
    _part(examples, [a.use_for_training, a.use_for_test, a.choose_test_set])
    examples.addSeparator()
    examples.addMenu(message)
    _part(examples, [a.next_problem, a.check_set, a.should_tune])
    for menu in tab_menus:
        bar.addMenu(menu)
    view = bar.addMenu(bar.tr("&View"))
    view.addActions(a.tabs)
    view.addSeparator()
    themes = view.addMenu(bar.tr("Colours"))
    themes.addActions(list(a.themes.values()))
    helping = bar.addMenu(bar.tr("&Help"))
    helping.addActions([a.shortcuts, a.about])


def _part(menu: QMenu, actions: list[QAction]) -> None:
    menu.addSeparator()
    menu.addActions(actions)
