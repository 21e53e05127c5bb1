"""Closing the window: asks about training that goes on, stops the engine if nothing needs it."""

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QMessageBox, QPushButton

from desktop_app.background.task import Task
from desktop_app.state.connections.connections import Connections
from desktop_app.state.jobs.jobs import Jobs
from desktop_app.state.preferences import Preferences
from desktop_app.ui.main_window import MainWindow

PATIENCE_MS = 6000
"""How long a stopping engine is waited for; it ends by itself all the same."""


class Closing(QObject):
    """Answers the window's wish to close; `done` comes when the program may end."""

    done = Signal()

    def __init__(
        self, window: MainWindow, jobs: Jobs, connections: Connections, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._jobs = jobs
        self._connections = connections
        self._preferences = preferences
        self._keep_training: bool | None = None
        self._stopping: Task | None = None
        self.question: QMessageBox | None = None
        window.close_wanted.connect(self._answer)

    @Slot(object)
    def _answer(self, event: QCloseEvent) -> None:
        if not self._jobs.running_on_this_computer:
            self._leave(keep_engine=False)
            return
        keep = self._keep_training
        if keep is None:
            keep = self._preferences.settings.keep_training_when_closed
        if keep is None:
            event.ignore()
            self._ask()
        else:
            self._leave(keep_engine=keep)

    def _ask(self) -> None:
        if self.question is not None:
            return
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Training is going on"))
        box.setText(self.tr("A model is being trained on this computer."))
        box.setInformativeText(
            self.tr(
                "It can go on while Exemplar is closed; you find the result when you open it "
                "again. Or it stops now and goes on from its last checkpoint the next time."
            )
        )
        role = QMessageBox.ButtonRole
        self.keep_button: QPushButton = box.addButton(self.tr("Keep training"), role.AcceptRole)
        self.stop_button: QPushButton = box.addButton(self.tr("Stop for now"), role.DestructiveRole)
        box.addButton(self.tr("Do not close"), role.RejectRole)
        box.setDefaultButton(self.keep_button)
        self._always = QCheckBox(self.tr("Always do this"))
        box.setCheckBox(self._always)
        box.buttonClicked.connect(self._take_answer)
        box.finished.connect(self._forget_question)
        self.question = box
        box.open()

    @Slot(QAbstractButton)
    def _take_answer(self, button: QAbstractButton) -> None:
        if button not in (self.keep_button, self.stop_button):
            return
        self._keep_training = button is self.keep_button
        if self._always.isChecked():
            self._preferences.update(keep_training_when_closed=self._keep_training)
        QTimer.singleShot(0, self._window.close)

    @Slot()
    def _forget_question(self) -> None:
        self.question = None

    def _leave(self, *, keep_engine: bool) -> None:
        self._window.hide()
        if keep_engine:
            self.done.emit()
            return
        self._stopping = self._connections.engine.stop()
        self._stopping.finished.connect(self.done)
        QTimer.singleShot(PATIENCE_MS, self, self._end_waiting)

    @Slot()
    def _end_waiting(self) -> None:
        self.done.emit()
