"""Which tab is in front, so that a finished job can lead to Chat without knowing the window."""

from PySide6.QtCore import QObject, Signal

TABS = ("examples", "cost", "jobs", "chat", "evaluate")


class Navigation(QObject):
    """Where the user is, and where something asks to go."""

    tab_changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.tab = TABS[0]

    def show(self, tab: str) -> None:
        """Bring a tab to the front. Raises ValueError for a name that is none."""
        if tab not in TABS:
            raise ValueError(tab)
        if tab != self.tab:
            self.tab = tab
            self.tab_changed.emit(tab)
