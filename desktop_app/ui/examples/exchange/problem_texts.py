"""What is said when something cannot be imported: what happened, and what to do."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.tables.table import TableError
from desktop_app.storage.import_file import ImportFileError, ImportFileProblem
from desktop_app.ui.project_texts import describe_file_error


def describe_import_error(error: Exception, name: str) -> str:
    """The sentence for a file, or pasted text, that could not be read."""
    if isinstance(error, TableError):
        return _tr("“%1” could not be read. %2").replace("%1", name).replace("%2", error.detail)
    if not isinstance(error, ImportFileError):
        return describe_file_error(error, name)
    texts = {
        ImportFileProblem.FOLDER: _tr(
            "“%1” is a folder. Choose the files in it, or drop them here together."
        ),
        ImportFileProblem.NOT_A_FILE: _tr(
            "“%1” is a pipe or a device, not a file. Save what it gives as a file and import that."
        ),
        ImportFileProblem.EMPTY: _tr("“%1” is empty. Nothing was imported."),
        ImportFileProblem.CHANGED: _tr(
            "“%1” became shorter while it was read, so nothing of it was imported. "
            "Import it again when nothing writes to it any more."
        ),
    }
    return texts[error.problem].replace("%1", name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ImportProblems", text)
