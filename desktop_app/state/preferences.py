"""The user's preferences while the program runs."""

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app.state.notices import Notice, Notices
from desktop_app.storage.settings import Settings, SettingsFile

TOPIC = "settings"


class Preferences(QObject):
    """Settings in memory, written to disk at every change.

    Only what was changed here is written, so that two windows do not undo each other's choices.
    """

    changed = Signal()

    def __init__(self, file: SettingsFile, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._notices = notices
        self._changes: dict[str, object] = {}
        self._has_failed = False
        self.settings: Settings = file.load()

    def update(self, **changes: object) -> None:
        """Change settings by name. What cannot be written is written with the next change."""
        changed = msgspec.structs.replace(self.settings, **changes)
        if changed == self.settings:
            return
        self.settings = changed
        self._changes |= changes
        self._write()
        self.changed.emit()

    def tell_set_aside(self) -> None:
        """Say so where the settings could not be used and begin anew."""
        if self._file.set_aside:
            text = self.tr(
                "The settings could not be read, or a newer Exemplar wrote them. They begin anew; "
                "the old ones are kept beside them as %1."
            )
            text = text.replace("%1", self._file.set_aside)
            self._notices.post(Notice(text, "warning", topic=TOPIC))

    def _write(self) -> None:
        try:
            self._file.change(self._changes, self.settings)
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                text = self.tr(
                    "The settings cannot be written; what you choose holds until Exemplar is "
                    "closed. Check whether the disk is full."
                )
                self._notices.post(Notice(text, "warning", error.strerror or "", topic=TOPIC))
        else:
            if self._has_failed:
                self._notices.withdraw(TOPIC)
            self._has_failed = False
