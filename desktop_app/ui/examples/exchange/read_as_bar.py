"""In which format and encoding a file is read, found by its content and overruled here."""

import dataclasses

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QWidget

from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.ui.examples.exchange.format_names import (
    ENCODINGS,
    OFFERED,
    TABLES,
    encoding_name,
    format_name,
)
from desktop_app.ui.widgets.parts import label, row


class ReadAsBar(QWidget):
    """Two menus. `changed` carries a Detected, as its user wants it."""

    changed = Signal(object)

    def __init__(
        self, detected: Detected, *, only_tables: bool = False, has_encoding: bool = True
    ) -> None:
        super().__init__()
        self._has_encoding = has_encoding
        self._detected = detected
        self.format, self.encoding = QComboBox(), QComboBox()
        self.format.setAccessibleName(self.tr("Format"))
        self.encoding.setAccessibleName(self.tr("Encoding of the letters"))
        for each in (each for each in OFFERED if not only_tables or each in TABLES):
            self.format.addItem(format_name(each), each)
        self.format.setPlaceholderText(self.tr("Choose what it is"))
        self._said = label(self.tr("Read as"), "muted")
        layout = row(self._said, self.format, self.encoding)
        layout.setStretch(1, 3)
        layout.setStretch(2, 2)
        self.setLayout(layout)
        self.format.activated.connect(self._choose)
        self.encoding.activated.connect(self._choose)
        self.show_detected(detected)

    def show_detected(self, detected: Detected) -> None:
        """Show what was found; an encoding that is not in the menu is put into it."""
        self._detected = detected
        names = ENCODINGS if detected.encoding in ENCODINGS else (detected.encoding, *ENCODINGS)
        self.encoding.clear()
        for name in names:
            self.encoding.addItem(encoding_name(name), name)
        self.encoding.setCurrentIndex(self.encoding.findData(detected.encoding))
        self.format.setCurrentIndex(self.format.findData(detected.format))
        self._show_encoding()

    def _show_encoding(self) -> None:
        """A workbook says itself how its letters are encoded, and pasted text is letters."""
        self.encoding.setVisible(self._has_encoding and self.format.currentData() != Format.XLSX)

    @Slot()
    def _choose(self) -> None:
        if self.format.currentIndex() < 0:
            return
        self._show_encoding()
        self.changed.emit(
            dataclasses.replace(
                self._detected,
                # Qt gives back the bare text of what it was given.
                format=Format(self.format.currentData()),
                encoding=self.encoding.currentData(),
            )
        )
