"""The words of the document to print, in the user's language."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.exports.document import Words


def document_words() -> Words:
    """Return the words; `{n}` in them is a number."""
    return Words(
        contents=_tr("Contents"),
        untitled=_tr("Conversation {n}"),
        tags=_tr("Tags"),
        rating=_tr("Quality"),
        split=_tr("Used for"),
        training=_tr("training"),
        test=_tr("test"),
        notes=_tr("Notes"),
        source=_tr("Source"),
        tools=_tr("Tools"),
        calls=_tr("calls"),
        not_learned=_tr("not learned from"),
        preferred=_tr("preferred"),
        non_preferred=_tr("not preferred"),
        system=_tr("Instructions"),
        user=_tr("User"),
        assistant=_tr("Assistant"),
        tool=_tr("Tool"),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("DocumentWords", text)
