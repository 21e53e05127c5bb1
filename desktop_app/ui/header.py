"""The row under the menu: five tabs at the left, the connection at the right."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QTabBar, QWidget

from desktop_app.state.navigation import TABS, Navigation
from desktop_app.ui.widgets.parts import chip, row, set_tone


class Badge(QWidget):
    """A chip beside a tab's name, nearer to it than to the next tab."""

    def __init__(self) -> None:
        super().__init__()
        self.chip = chip()
        layout = row(self.chip)
        layout.setContentsMargins(0, 0, 12, 0)
        self.setLayout(layout)


class Header(QFrame):
    """Follows the navigation, and leads it."""

    def __init__(self, navigation: Navigation, corner: QWidget) -> None:
        super().__init__()
        self.setObjectName("header")
        self._navigation = navigation
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setAccessibleName(self.tr("Tabs"))
        texts = (
            self.tr("Examples"), self.tr("Cost"), self.tr("Jobs"), self.tr("Chat"),
            self.tr("Evaluate"),
        )  # fmt: skip
        for text in texts:
            self.tabs.addTab(text)
        self.tabs.currentChanged.connect(self._lead)
        navigation.tab_changed.connect(self._follow)
        layout = row(self.tabs, None, corner)
        layout.setContentsMargins(14, 0, 14, 0)
        self.setLayout(layout)

    def set_badge(self, tab: str, text: str, tone: str = "") -> None:
        """Show a short word beside a tab's name, or nothing for ''."""
        number, side = TABS.index(tab), QTabBar.ButtonPosition.RightSide
        holder = self.tabs.tabButton(number, side)
        if not text:
            self.tabs.setTabButton(number, side, None)
            self.tabs.updateGeometry()
            if holder is not None:
                holder.deleteLater()
            return
        if not isinstance(holder, Badge):
            holder = Badge()
        holder.chip.setText(text)
        set_tone(holder.chip, tone)
        holder.adjustSize()
        # The bar measures a tab's button only when it is set.
        self.tabs.setTabButton(number, side, holder)
        holder.show()
        self.tabs.updateGeometry()

    @Slot(int)
    def _lead(self, number: int) -> None:
        self._navigation.show(TABS[number])

    @Slot(str)
    def _follow(self, tab: str) -> None:
        self.tabs.setCurrentIndex(TABS.index(tab))
