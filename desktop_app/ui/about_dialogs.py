"""About Exemplar, and the list of keyboard shortcuts."""

import platform

from PySide6 import __version__ as qt_version
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QFormLayout, QLayout, QScrollArea, QWidget

from desktop_app import __version__
from desktop_app.ui.widgets.parts import IconLabel, button, column, label, row


class AboutDialog(QDialog):
    """Name, version, licences."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Exemplar"))
        picture = IconLabel("exemplar", 56)
        versions = f"Exemplar {__version__} · Qt {qt_version} · Python {platform.python_version()}"
        words = label(versions, "muted")
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        licences = self.tr(
            "Licensed under the Apache License 2.0. It uses Qt under the LGPL 3, the model "
            "SmolLM2 under Apache 2.0, the font Inter under the OFL 1.1 and the icons Lucide "
            "under ISC. NOTICE.md lists them all."
        )
        text = label(licences, "muted", wrap=True)
        text.setMinimumWidth(420)
        head = row(picture, None)
        heading = column(label(self.tr("Exemplar"), "title"), words, spacing=4)
        head.insertLayout(1, heading)
        self.setLayout(with_close(self, head, text))


class ShortcutsDialog(QDialog):
    """Every action that has a shortcut."""

    def __init__(self, actions: list[QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(440, 560)
        form = QFormLayout()
        form.setHorizontalSpacing(28)
        for action in actions:
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            if keys:
                form.addRow(label(action.text().split(":")[0]), label(keys, "muted"))
        form.addRow(label(self.tr("Send a message in Chat")), label(self.tr("Enter"), "muted"))
        form.addRow(label(self.tr("Stop a reply")), label(self.tr("Esc"), "muted"))
        inside = QWidget()
        inside.setLayout(form)
        inside.setAutoFillBackground(False)
        scroll = QScrollArea()
        scroll.setAccessibleName(self.windowTitle())
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.viewport().setAutoFillBackground(False)
        self.setLayout(with_close(self, scroll))


def with_close(dialog: QDialog, *parts: QWidget | QLayout) -> QLayout:
    """A dialog's layout: its parts, and a Close button at the end."""
    layout = column(margin=20, spacing=14)
    for part in parts:
        if isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
    close = button(dialog.tr("Close"), "primary")
    close.clicked.connect(dialog.accept)
    layout.addLayout(row(None, close))
    return layout
