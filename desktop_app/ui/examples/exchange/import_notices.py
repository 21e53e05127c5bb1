"""What is said when an import has ended."""

from PySide6.QtCore import QObject

from desktop_app.state.examples.exchange.importing import ImportReport


class ImportTexts(QObject):
    """Sentences about what came and what did not."""

    def outcome(self, report: ImportReport) -> str:
        """How many conversations came from where, how many were mended, and what was left out."""
        if report.imported == 0 and report.n_rejected == 0:
            text = self.tr("There are no conversations in “%1”.")
            return text.replace("%1", report.name)
        if report.imported == 0:
            text = self.tr(
                "Nothing in “%1” could be read as a conversation, so nothing was imported."
            )
            return text.replace("%1", report.name)
        parts = [self.tr("%Ln conversation(s) imported from %1.", "", report.imported)]
        if report.mended:
            parts.append(self.tr("%Ln of them were mended.", "", report.mended))
        if report.left_out:
            parts.append(self.tr("%Ln row(s) were left out.", "", report.left_out))
        if report.notes:
            parts.append(self.tr("There is something to know about it."))
        return " ".join(parts).replace("%1", report.name)
