"""Paints a row of "Where to train": closed models greyed, the note as a chip."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from desktop_app.state.cost.places_to_train import MODEL, NOTE, PLACE, Place
from desktop_app.ui.theme import Theme

CHIP_PADDING = 8.0
CHIP_HEIGHT = 20.0


class PlaceDelegate(QStyledItemDelegate):
    """Draws what the style sheet cannot."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    @override
    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        place = index.data(PLACE)
        if not isinstance(place, Place):
            return
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        option.state &= ~QStyle.StateFlag.State_HasFocus
        if selected and index.column() == MODEL:
            option.font.setWeight(QFont.Weight.DemiBold)
        if place.is_closed:
            for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
                option.palette.setColor(role, QColor(self._theme.colours.muted))
        if index.column() == NOTE:
            option.text = ""

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        place = index.data(PLACE)
        if index.column() == NOTE and isinstance(place, Place) and place.note:
            self._paint_chip(painter, QRectF(option.rect), place)

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width() + int(CHIP_PADDING), size.height())

    def _paint_chip(self, painter: QPainter, cell: QRectF, place: Place) -> None:
        text_colour, ground = self._tones(place.tone)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(painter.font())
        font.setPointSizeF(8.5)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        room = cell.width() - 2 * CHIP_PADDING - 8
        text = metrics.elidedText(place.note, Qt.TextElideMode.ElideRight, room)
        wide = metrics.horizontalAdvance(text) + 2 * CHIP_PADDING
        chip = QRectF(cell.left() + 8, cell.center().y() - CHIP_HEIGHT / 2, wide, CHIP_HEIGHT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(chip, CHIP_HEIGHT / 2, CHIP_HEIGHT / 2)
        painter.setPen(QColor(text_colour))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def _tones(self, tone: str) -> tuple[str, str]:
        colours = self._theme.colours
        named = {
            "good": (colours.good, colours.good_soft),
            "warning": (colours.warning, colours.warning_soft),
            "bad": (colours.bad, colours.bad_soft),
        }
        return named.get(tone, (colours.muted, colours.sunken))
