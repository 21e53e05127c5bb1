"""What a file or pasted text seems to be and what comes of it; how it is read can be overruled."""

import dataclasses
from collections.abc import Sequence

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QWidget

from desktop_app.core.examples.formats.format import Detected, Format, Speaker
from desktop_app.core.examples.imported import Imported
from desktop_app.state.examples.exchange.looking import Look, Looking
from desktop_app.state.examples.exchange.reading import Reading
from desktop_app.state.examples.exchange.sources import Source
from desktop_app.ui.examples.exchange.preview_cards import PreviewCards
from desktop_app.ui.examples.exchange.problem_texts import describe_import_error
from desktop_app.ui.examples.exchange.read_as_bar import ReadAsBar
from desktop_app.ui.examples.exchange.speaker_list import SpeakerList
from desktop_app.ui.widgets.parts import column, isolated, label

LONGEST = 60
MOST_REPAIRS = 3


class LookPane(QWidget):
    """`changed` tells that another look was taken; `reading` is then how it would be read."""

    changed = Signal()

    def __init__(self, looking: Looking, *, has_encoding: bool = True) -> None:
        super().__init__()
        self._looking = looking
        looking.setParent(self)
        self._look: Look | None = None
        self._source: Source | None = None
        self._overruled: Detected | None = None
        self.read_as = ReadAsBar(Detected(Format.UNKNOWN), has_encoding=has_encoding)
        self.read_as.changed.connect(self._overrule)
        self.repair = QCheckBox(self.tr("Repair broken letters"))
        self.repair.clicked.connect(self._look_again)
        self.repairs = label(kind="small", wrap=True)
        self.speakers = SpeakerList()
        self.speakers.changed.connect(self._cast)
        self.preview = PreviewCards()
        self.said = label(kind="muted", wrap=True)
        layout = column(self.read_as, self.repair, self.repairs, self.speakers, self.said,
                        self.preview, spacing=8)  # fmt: skip
        layout.setStretch(layout.count() - 1, 1)
        self.setLayout(layout)
        looking.looked.connect(self._take)
        looking.failed.connect(self._tell_failure)
        self._show()

    @property
    def look(self) -> Look | None:
        """What was seen, None before and where nothing can be read."""
        return self._look

    @property
    def reading(self) -> Reading | None:
        """How it would be read; None where nothing can."""
        return self._look.reading if self._look is not None else None

    @property
    def is_table(self) -> bool:
        return self._look is not None and self._look.reading.is_table

    @property
    def can_import(self) -> bool:
        """Whether anything would come of it."""
        items = self._look.items if self._look is not None else ()
        return self.is_table or any(
            isinstance(item, Imported) or item.mended is not None for item in items
        )

    def show_look(self, look: Look) -> None:
        """Show what somebody else saw; where they saw no conversations, look for them."""
        self._source = look.source
        self._overruled = look.detected
        self._take(look)
        if not look.items:
            self._look_again()

    def clear(self) -> None:
        """Show that there is nothing to look at."""
        self._looking.stop()
        self._source = self._look = None
        self._show()
        self.changed.emit()

    def look_at(self, source: Source) -> None:
        """Look at something new; what was overruled before was about something else."""
        self._source = source
        self._overruled = None
        self._look_again()

    def stop(self) -> None:
        self._looking.stop()

    @Slot(object)
    def _overrule(self, detected: Detected) -> None:
        self._overruled = detected
        self._look_again()

    @Slot(object)
    def _cast(self, speakers: tuple[Speaker, ...]) -> None:
        if self._look is not None:
            self._overrule(dataclasses.replace(self._look.detected, speakers=speakers))

    @Slot()
    def _look_again(self) -> None:
        if self._source is not None:
            repair = self.repair.isChecked()
            self._looking.look(self._source, self._overruled, repair_mojibake=repair)

    @Slot(object)
    def _take(self, look: Look) -> None:
        self._look = look
        self._show()
        self.changed.emit()

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self._look = None
        self._show()
        name = self._source.name if self._source is not None else ""
        self.said.setText(describe_import_error(error, name))
        self.said.show()
        self.changed.emit()

    def _show(self) -> None:
        look = self._look
        self.read_as.setEnabled(look is not None)
        has_mojibake = look is not None and look.detected.has_mojibake
        self.repair.setVisible(has_mojibake)
        self.repairs.setVisible(has_mojibake)
        self.speakers.show_speakers(look.detected.speakers if look is not None else ())
        self.preview.show_items(look.items if look is not None else ())
        self.said.setText(self._words())
        self.said.setVisible(bool(self.said.text()))
        if look is not None:
            self.read_as.show_detected(look.detected)
            self.repairs.setText(repair_text(look.repairs))

    def _words(self) -> str:
        look = self._look
        if look is None:
            return ""
        if self.is_table:
            return self.tr("A table. What its columns are is asked next.")
        if look.detected.format == Format.UNKNOWN:
            return self.tr("It is not recognised. Choose above what it is.")
        if not look.items:
            return self.tr("No conversation is found in it, read like this.")
        return ""


def repair_text(repairs: Sequence[tuple[str, str]]) -> str:
    """What a repair does, one sample a line."""
    lines = [
        f"{isolated(_short(before))} → {isolated(_short(after))}"
        for before, after in repairs[:MOST_REPAIRS]
    ]
    return "\n".join(lines)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
