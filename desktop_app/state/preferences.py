"""The user's preferences while the program runs."""

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop_app.storage.settings import Settings, SettingsFile


class Preferences(QObject):
    """Settings in memory, written to disk at every change."""

    changed = Signal()

    def __init__(self, file: SettingsFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self.settings: Settings = file.load()

    def update(self, **changes: object) -> None:
        """Change settings by name. Raises OSError if they cannot be written."""
        changed = msgspec.structs.replace(self.settings, **changes)
        if changed != self.settings:
            self.settings = changed
            self._file.save(changed)
            self.changed.emit()
