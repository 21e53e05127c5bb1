"""The Jobs menu: what the buttons beside a job do, for those who use no mouse."""

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QMenu

from desktop_app.ui.jobs.job_detail import JobDetail


class JobMenu(QMenu):
    """An entry for each button of the job in front, usable when the button is."""

    def __init__(self, title: str, new_job: QAction, detail: JobDetail) -> None:
        super().__init__(title)
        self.addAction(new_job)
        self.addSeparator()
        self._buttons: dict[QAction, QAbstractButton] = {}
        for button in (
            detail.pause, detail.resume, detail.cancel, detail.chat, detail.evaluate, detail.remove
        ):  # fmt: skip
            action = self.addAction(button.text())
            action.triggered.connect(self._press)
            self._buttons[action] = button
        self.aboutToShow.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        for action, button in self._buttons.items():
            action.setEnabled(button.isVisible() and button.isEnabled())

    @Slot()
    def _press(self) -> None:
        sender: QObject = self.sender()
        if isinstance(sender, QAction):
            self._buttons[sender].click()
