"""Every action of the program, once: menus, tool buttons and context menus share them."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import HistoryEntry
from desktop_app.ui.icons import icon

Keys = QKeySequence.StandardKey


class Actions(QObject):
    """The actions and when they can be used. What they do is connected where it is done."""

    def __init__(self, open_project: OpenProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._n_selected = 0
        make = self._make
        self.new_project = make(self.tr("New project…"), Keys.New, "file-plus")
        self.open_project = make(self.tr("Open project…"), Keys.Open, "folder-open")
        self.open_sample = make(self.tr("Open the sample"))
        self.import_file = make(self.tr("Import conversations…"), "Ctrl+I", "download")
        self.paste = make(self.tr("Paste conversations…"), "Ctrl+Shift+V", "clipboard-paste")
        self.export_files = make(self.tr("Export training files…"), "Ctrl+E", "upload")
        self.export_everything = make(self.tr("Export everything…"))
        self.export_table = make(self.tr("Export a table (CSV)…"))
        self.export_document = make(self.tr("Export a document to print…"))
        self.close_project = make(self.tr("Close project"), Keys.Close)
        self.quit = make(self.tr("Quit"), Keys.Quit, role=QAction.MenuRole.QuitRole)
        self.undo = make(self.tr("Undo"), Keys.Undo, "undo-2")
        self.redo = make(self.tr("Redo"), Keys.Redo, "redo-2")
        self.find = make(self.tr("Find"), Keys.Find, "search")
        self.new_conversation = make(self.tr("New conversation"), "Ctrl+Shift+N", "plus")
        self.duplicate_conversation = make(self.tr("Duplicate conversation"), "Ctrl+D", "copy")
        self.delete_conversations = make(self.tr("Delete conversations"), "Ctrl+Del", "trash-2")
        self.restore_conversations = make(self.tr("Bring back from the bin"))
        self.join_conversations = make(self.tr("Join conversations"))
        self.tag_conversations = make(self.tr("Tags and rating…"), "Ctrl+T", "tag")
        self.find_replace = make(self.tr("Find and replace…"), Keys.Replace, "replace")
        self.shared_instructions = make(self.tr("Shared instructions…"))
        self.choose_test_set = make(self.tr("Choose the test set…"))
        self.check_set = make(self.tr("Check the whole set…"), "Ctrl+Shift+K", "list-checks")
        self.should_tune = make(self.tr("Should I tune at all?"))
        self.versions = make(self.tr("Versions of the set…"), "", "history")
        self.conversation_history = make(self.tr("History of this conversation…"))
        self.use_for_training = make(self.tr("Use for training"))
        self.use_for_test = make(self.tr("Hold out for the test"))
        self.next_problem = make(self.tr("Next problem"), "Ctrl+Shift+P", "triangle-alert")
        self.message_up = make(self.tr("Move message up"), "Alt+Up", "arrow-up")
        self.message_down = make(self.tr("Move message down"), "Alt+Down", "arrow-down")
        self.new_job = make(self.tr("New job"), "Ctrl+J", "play")
        self.connections = make(self.tr("Connections and keys…"), "", "key-round")
        self.models = make(self.tr("Models…"), "", "bot")
        self.shortcuts = make(self.tr("Keyboard shortcuts"), Keys.HelpContents)
        self.about = make(self.tr("About Exemplar"), role=QAction.MenuRole.AboutRole)
        self.tabs = self._make_tabs()
        self.themes, self.theme_group = self._make_themes()
        open_project.opened.connect(self._refresh)
        open_project.closed.connect(self._refresh)
        open_project.history_changed.connect(self._refresh)
        self._refresh()

    def editor_tools(self) -> list[QAction]:
        """What stands beside the title of a conversation."""
        return [self.undo, self.redo, self.duplicate_conversation, self.delete_conversations]

    def set_selection(self, n_selected: int) -> None:
        """Follow how many conversations are selected."""
        self._n_selected = n_selected
        self._refresh()

    def _make(
        self,
        text: str,
        keys: QKeySequence.StandardKey | str = "",
        icon_name: str = "",
        role: QAction.MenuRole = QAction.MenuRole.NoRole,
    ) -> QAction:
        action = QAction(text, self)
        # macOS would otherwise move items about by the words in their text.
        action.setMenuRole(role)
        if isinstance(keys, str):
            action.setShortcut(QKeySequence(keys))
        else:
            action.setShortcuts(keys)
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{text} ({shortcut})" if shortcut else text)
        if icon_name:
            action.setIcon(icon(icon_name))
            action.setIconVisibleInMenu(False)
        return action

    def _make_tabs(self) -> list[QAction]:
        texts = (
            self.tr("Examples"), self.tr("Cost"), self.tr("Jobs"), self.tr("Chat"),
            self.tr("Evaluate"),
        )  # fmt: skip
        return [self._make(text, f"Ctrl+{number}") for number, text in enumerate(texts, 1)]

    def _make_themes(self) -> tuple[dict[str, QAction], QActionGroup]:
        group = QActionGroup(self)
        themes = {
            "system": self._make(self.tr("Follow the system")),
            "light": self._make(self.tr("Light"), "", "sun"),
            "dark": self._make(self.tr("Dark"), "", "moon"),
        }
        for name, action in themes.items():
            action.setCheckable(True)
            action.setData(name)
            group.addAction(action)
        return themes, group

    def _refresh(self) -> None:
        is_open = self._open_project.is_open
        for action in (self.close_project, self.export_files, self.find, self.new_job, *self.tabs):
            action.setEnabled(is_open)
        for action in (
            self.new_conversation, self.next_problem, self.export_everything, self.export_table,
            self.export_document, self.find_replace, self.shared_instructions,
            self.choose_test_set, self.check_set, self.should_tune, self.versions,
        ):  # fmt: skip
            action.setEnabled(is_open)
        self.join_conversations.setEnabled(is_open and self._n_selected > 1)
        for action in (
            self.duplicate_conversation, self.delete_conversations, self.use_for_training,
            self.use_for_test, self.message_up, self.message_down, self.tag_conversations,
            self.conversation_history, self.restore_conversations,
        ):  # fmt: skip
            action.setEnabled(is_open and self._n_selected > 0)
        self._name_step(self.undo, self.tr("Undo"), self._open_project.undo_entry)
        self._name_step(self.redo, self.tr("Redo"), self._open_project.redo_entry)

    def _name_step(self, action: QAction, verb: str, entry: HistoryEntry | None) -> None:
        action.setEnabled(entry is not None)
        text = f"{verb}: {self._describe(entry)}" if entry is not None else verb
        action.setText(text)
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{text} ({shortcut})")

    def _describe(self, entry: HistoryEntry) -> str:
        texts = {
            "add": self.tr("add %Ln conversation(s)", "", entry.count),
            "delete": self.tr("delete %Ln conversation(s)", "", entry.count),
            "import": self.tr("import %Ln conversation(s)", "", entry.count),
            "split": self.tr("change what %Ln conversation(s) are used for", "", entry.count),
            "fix": self.tr("fix %Ln conversation(s)", "", entry.count),
            "edit": self.tr("edit conversation"),
            "chat": self.tr("keep a chat as example"),
            "restore": self.tr("bring back %Ln conversation(s)", "", entry.count),
            "tag": self.tr("tag %Ln conversation(s)", "", entry.count),
            "rate": self.tr("rate %Ln conversation(s)", "", entry.count),
            "note": self.tr("edit note"),
            "accept": self.tr("accept advice on %Ln conversation(s)", "", entry.count),
            "mask": self.tr("mask personal data in %Ln conversation(s)", "", entry.count),
            "replace": self.tr("replace in %Ln conversation(s)", "", entry.count),
            "instructions": self.tr("change shared instructions"),
            "version": self.tr("go back to a version"),
            "earlier": self.tr("bring an earlier version back"),
            "divide": self.tr("divide conversation"),
            "join": self.tr("join conversations"),
        }
        return texts.get(entry.label, entry.label)
