"""What is said when a file cannot be used: what happened, and what to do."""

import errno

from PySide6.QtCore import QCoreApplication

from desktop_app.storage.project.errors import ProjectError, ProjectErrorKind

Kind = ProjectErrorKind


def describe_project_error(error: ProjectError) -> str:
    """The sentence for a project file that cannot be used."""
    name = error.path.name
    texts = {
        Kind.BUSY: _tr(
            "A large change is being made, and edits wait for its end. Wait a moment, or cancel it."
        ),
        Kind.NOT_A_PROJECT: _tr(
            "“%1” is not an Exemplar project. To bring conversations in from it, "
            "open a project and choose File › Import conversations."
        ),
        Kind.DAMAGED: _tr(
            "“%1” is damaged and was left as it is. Copy it back from a backup, "
            "or look for an older copy beside it."
        ),
        Kind.NEWER: _tr(
            "“%1” was made by a newer Exemplar. Update Exemplar to open it; nothing was changed."
        ),
        Kind.READ_ONLY: _tr(
            "“%1” cannot be written. Copy it to a folder of yours and open the copy."
        ),
        Kind.IN_USE: _tr("“%1” is open in another window of Exemplar. Close it there first."),
        Kind.NO_SPACE: _tr(
            "The disk is full. What was saved before is safe; make room, then do it again."
        ),
        Kind.MISSING: _tr("“%1” is not there any more. Was it moved or renamed?"),
        Kind.EXISTS: _tr("“%1” exists already. Choose another name."),
    }
    return texts[error.kind].replace("%1", name)


def describe_file_error(error: Exception, name: str) -> str:
    """The sentence for a file that cannot be read or written."""
    if isinstance(error, ProjectError):
        return describe_project_error(error)
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOSPC:
        return _tr("The disk is full. Make room, then do it again.")
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _tr("“%1” may not be read or written with this account.").replace("%1", name)
    if number == errno.EISDIR:
        return _tr("“%1” is a folder, not a file.").replace("%1", name)
    if number == errno.ENOENT:
        return _tr("“%1” is not there any more.").replace("%1", name)
    return _tr("“%1” could not be used.").replace("%1", name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProjectTexts", text)
