"""What the engine needs on the disk, and a way to have it need less."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from desktop_app.state.connections.engine_disk import EngineDisk
from desktop_app.state.models.model_words import size
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.widgets.parts import button, column, label, row


class DiskLine(QWidget):
    """Says nothing before the engine was asked."""

    def __init__(self, disk: EngineDisk | None = None) -> None:
        super().__init__()
        self._disk: EngineDisk | None = None
        self.text = label(kind="muted", wrap=True)
        self.problem = label(tone="bad", wrap=True)
        self.prune = button(self.tr("Remove old checkpoints…"), "link")
        layout = column(self.text, self.problem, spacing=4)
        layout.addLayout(row(self.prune, None))
        self.setLayout(layout)
        self.prune.clicked.connect(self.ask_to_prune)
        self.show_disk(disk)

    def show_disk(self, disk: EngineDisk | None) -> None:
        """Be about this engine's disk, or about none."""
        if disk is not self._disk:
            if self._disk is not None:
                self._disk.changed.disconnect(self._refresh)
            self._disk = disk
            if disk is not None:
                disk.changed.connect(self._refresh)
        self._refresh()

    def look_once(self) -> None:
        """Ask the engine, unless it has answered before or is being asked."""
        disk = self._disk
        if disk is not None and not disk.is_busy and disk.storage is None and not disk.problem:
            disk.look()

    def look(self) -> None:
        """Ask the engine."""
        if self._disk is not None:
            self._disk.look()

    @Slot()
    def _refresh(self) -> None:
        disk = self._disk
        self.setVisible(disk is not None)
        if disk is None:
            return
        self.text.setText(self._sentence(disk))
        self.text.setVisible(disk.storage is not None)
        self.problem.setText(disk.problem)
        self.problem.setVisible(bool(disk.problem))
        self.prune.setVisible(disk.to_free > 0)
        self.prune.setEnabled(not disk.is_busy)

    def _sentence(self, disk: EngineDisk) -> str:
        if disk.storage is None:
            return ""
        text = self.tr("The engine takes up {used} of the disk; {free} are free.").format(
            used=size(disk.storage.total_bytes), free=size(disk.storage.free_bytes)
        )
        if disk.freed is not None:
            text += " " + self.tr("Old checkpoints of {size} were removed.").format(
                size=size(disk.freed)
            )
        return text

    @Slot()
    def ask_to_prune(self) -> None:
        """Remove the checkpoints once the user has heard what goes and what stays."""
        disk = self._disk
        if disk is None:
            return
        question = Question(
            self,
            self.tr("Remove old checkpoints"),
            self.tr("Remove the checkpoints of all jobs that are over?"),
            self.tr(
                "That frees about {size}. The model that each job made stays; the states kept "
                "after its passes go, and Chat and Evaluate offer them no longer."
            ).format(size=size(disk.to_free)),
            self.tr("Remove them"),
            self.tr("Keep them"),
        )
        question.confirmed.connect(disk.prune)
        question.open()
