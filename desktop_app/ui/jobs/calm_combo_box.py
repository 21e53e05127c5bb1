"""A choice that scrolling does not change."""

from PySide6.QtGui import QWheelEvent
from typing_extensions import override

from desktop_app.ui.widgets.eliding_combo_box import ElidingComboBox


class CalmComboBox(ElidingComboBox):
    """In a form that scrolls, the wheel must not change what is paid for."""

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()
