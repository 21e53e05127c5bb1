"""Named versions of the set: save one, see what changed since, go back."""

from PySide6.QtCore import QDateTime, QLocale, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QWidget,
)

from desktop_app.state.examples.bulk_edit import BulkEdit
from desktop_app.state.examples.versions import TwoTexts, Versions, restoring
from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Version, VersionChange
from desktop_app.ui.chat.two_line_delegate import TwoLineDelegate
from desktop_app.ui.examples.dialogs.conversation_view import ConversationView
from desktop_app.ui.examples.step_line import StepLine
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.project_texts import describe_file_error
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import button, column, isolated, label, row

VERSION = Qt.ItemDataRole.UserRole
DETAILS = Qt.ItemDataRole.UserRole + 1
SHOWN = 2000
"""Changed conversations that are listed; all are counted."""


class VersionsDialog(QDialog):
    """The versions on the left; on the right what changed from the chosen one to another."""

    def __init__(
        self,
        versions: Versions,
        bulk: BulkEdit,
        open_project: OpenProject,
        theme: Theme,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Versions of the set"))
        self.resize(1040, 640)
        self._versions = versions
        self._bulk = bulk
        self._open_project = open_project
        self._changes: list[VersionChange] = []
        self._build_versions(theme)
        self._build_comparison(theme)
        self._lay_out()
        self._follow()
        self._fill()

    def _follow(self) -> None:
        self._versions.changed.connect(self._fill)
        self._versions.saved.connect(self._choose)
        self._versions.compared.connect(self._take)
        self._versions.texts_read.connect(self._show_texts)
        self._versions.failed.connect(self._tell_failure)
        self._bulk.failed.connect(self._tell_failure)
        self._open_project.changed.connect(self._compare)
        self._open_project.busy_changed.connect(self._enable)
        self._open_project.closing.connect(self.reject)
        self.finished.connect(self._versions.stop)

    def _build_versions(self, theme: Theme) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("Name, such as “before the tone change”"))
        self.name.setAccessibleName(self.tr("Name of the new version"))
        self.save = button(self.tr("Save a version"), "primary")
        self.list = QListWidget()
        self.list.setProperty("kind", "plain")
        self.list.setItemDelegate(TwoLineDelegate(theme, self.list, subtitle=DETAILS))
        self.list.setAccessibleName(self.tr("Versions, the newest first"))
        self.nothing = label(kind="muted", wrap=True)
        self.nothing.setText(
            self.tr(
                "A version keeps the whole set as it is now, under a name. Later you can see what "
                "changed since, and go back. Each job keeps one by itself."
            )
        )
        self.delete = button(self.tr("Delete this version"), "quiet")
        self.go_back = button(self.tr("Go back to this version"))
        self.name.textChanged.connect(self._enable)
        self.name.returnPressed.connect(self._save)
        self.save.clicked.connect(self._save)
        self.delete.clicked.connect(self._ask_to_delete)
        self.go_back.clicked.connect(self._go_back)
        self.list.currentRowChanged.connect(self._follow_choice)

    def _build_comparison(self, theme: Theme) -> None:
        self.with_which = QComboBox()
        self.with_which.setAccessibleName(self.tr("Compared with"))
        self.with_which.activated.connect(self._compare)
        self.summary = label(kind="muted", wrap=True)
        self.changes = QListWidget()
        self.changes.setProperty("kind", "choices")
        self.changes.setAccessibleName(self.tr("Conversations that changed"))
        self.changes.setUniformItemSizes(True)
        self.changes.currentRowChanged.connect(self._show_change)
        self.before = ConversationView(theme, self.tr("As it was in the version"), "bad")
        self.after = ConversationView(theme, self.tr("As it is in the other"), "good")

    def _lay_out(self) -> None:
        left = column(self.name, self.save, spacing=9)
        left.addWidget(self.list, 1)
        left.addWidget(self.nothing)
        left.addStretch()
        left.addLayout(row(self.go_back, self.delete, None))
        left_side = QWidget()
        left_side.setLayout(left)
        left_side.setFixedWidth(330)
        texts = QSplitter(Qt.Orientation.Horizontal)
        texts.addWidget(self.before)
        texts.addWidget(self.after)
        texts.setChildrenCollapsible(False)
        head = row(label(self.tr("Compared with"), "muted"), self.with_which, None)
        right = column(spacing=9)
        right.addLayout(head)
        right.addWidget(self.summary)
        right.addWidget(self.changes, 1)
        right.addWidget(texts, 2)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        sides = row(left_side, spacing=18)
        sides.addLayout(right, 1)
        layout = column(margin=18, spacing=12)
        layout.addLayout(sides, 1)
        layout.addWidget(StepLine(self._bulk))
        layout.addLayout(row(None, close))
        self.setLayout(layout)

    # The versions

    @property
    def chosen(self) -> Version | None:
        """The version that is selected in the list."""
        item = self.list.currentItem()
        version: Version | None = item.data(VERSION) if item is not None else None
        return version

    @Slot()
    def _fill(self) -> None:
        chosen, other = self.chosen, self.with_which.currentData()
        found = self._versions.all
        with QSignalBlocker(self.list):
            self.list.clear()
            self.with_which.clear()
            self.with_which.addItem(self.tr("the set as it is now"), None)
            for version in found:
                item = QListWidgetItem(version.name)
                item.setData(VERSION, version)
                item.setData(DETAILS, self._details(version))
                self.list.addItem(item)
                self.with_which.addItem(isolated(version.name), version.id)
            self.list.setCurrentRow(found.index(chosen) if chosen in found else 0)
        self.with_which.setCurrentIndex(max(0, self.with_which.findData(other)))
        self.nothing.setVisible(not found)
        self.list.setVisible(bool(found))
        self._follow_choice()

    def _details(self, version: Version) -> str:
        when = QDateTime.fromMSecsSinceEpoch(round(version.at * 1000))
        time = QLocale().toString(when, QLocale.FormatType.ShortFormat)
        count = self.tr("%Ln conversation(s)", "", version.conversations)
        return f"{time} · {count}"

    @Slot(object)
    def _choose(self, version: Version) -> None:
        for place in range(self.list.count()):
            if self.list.item(place).data(VERSION).id == version.id:
                self.list.setCurrentRow(place)

    @Slot()
    def _enable(self) -> None:
        is_free, is_chosen = not self._open_project.is_busy, self.chosen is not None
        self.save.setEnabled(is_free and bool(self.name.text().strip()))
        self.delete.setEnabled(is_free and is_chosen)
        self.go_back.setEnabled(is_free and is_chosen)
        self.with_which.setEnabled(is_chosen)

    @Slot()
    def _save(self) -> None:
        if self.save.isEnabled():
            self._versions.save(self.name.text().strip())
            self.name.clear()

    @Slot()
    def _ask_to_delete(self) -> None:
        if self.chosen is not None:
            question = Question(
                self,
                self.tr("Delete a version"),
                self.tr("Delete the version “%1”?").replace("%1", isolated(self.chosen.name)),
                self.tr(
                    "The conversations stay as they are now, but there is no way back to this "
                    "version any more. This cannot be undone."
                ),
                self.tr("Delete the version"),
                self.tr("Keep it"),
            )
            question.confirmed.connect(self._delete)
            question.open()

    @Slot()
    def _delete(self) -> None:
        if self.chosen is not None:
            self._versions.delete(self.chosen.id)

    @Slot()
    def _go_back(self) -> None:
        if self.chosen is not None:
            self._bulk.run(self.tr("Going back to a version"), restoring(self.chosen.id))

    # What changed

    @Slot()
    def _follow_choice(self) -> None:
        self._enable()
        self._compare()

    @Slot()
    def _compare(self) -> None:
        chosen = self.chosen
        if chosen is None:
            self._versions.stop()
            self._take([])
            self.summary.clear()
        else:
            self.summary.setText(self.tr("Comparing…"))
            self._versions.compare(chosen.id, self.with_which.currentData())

    @Slot(object)
    def _take(self, changes: list[VersionChange]) -> None:
        self._changes = changes
        self.changes.clear()
        names = {
            "added": self.tr("added"),
            "removed": self.tr("removed"),
            "changed": self.tr("changed"),
            "moved": self.tr("filed differently"),
        }
        for change in changes[:SHOWN]:
            title = change.title or self.tr("Empty conversation")
            self.changes.addItem(f"{names[change.kind]} · {isolated(title)}")
        self.summary.setText(self._summarise(changes))
        self.changes.setCurrentRow(0 if changes else -1)
        self._show_change(self.changes.currentRow())

    def _summarise(self, changes: list[VersionChange]) -> str:
        if not changes:
            return self.tr("Nothing differs between the two.")
        count = dict.fromkeys(("added", "removed", "changed", "moved"), 0)
        for change in changes:
            count[change.kind] += 1
        return self.tr("%1 added, %2 removed, %3 with other words, %4 filed differently.").replace(
            "%1", f"{count['added']:,}"
        ).replace("%2", f"{count['removed']:,}").replace("%3", f"{count['changed']:,}").replace(
            "%4", f"{count['moved']:,}"
        )  # fmt: skip

    @Slot(int)
    def _show_change(self, place: int) -> None:
        chosen = self.chosen
        if chosen is None or not 0 <= place < len(self._changes):
            self._show_texts(TwoTexts())
        else:
            id = self._changes[place].id
            self._versions.read_texts(chosen.id, self.with_which.currentData(), id)

    @Slot(object)
    def _show_texts(self, texts: TwoTexts) -> None:
        self.before.show_messages(texts.before)
        self.after.show_messages(texts.after)

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self.summary.setText(describe_file_error(error, ""))
