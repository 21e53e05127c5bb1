"""Asking where a file is, or is to be."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def saving_dialog(
    parent: QWidget, title: str, files: str, name: str, folder: Path | None = None
) -> QFileDialog:
    """Return the dialog that asks where to write; it asks as well before it replaces a file.

    `files` are the kinds of file, `name` is what is offered, with its ending.
    """
    standard = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    dialog = QFileDialog(parent, title, str(folder or standard), files)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix)
    dialog.selectFile(name)
    return dialog
