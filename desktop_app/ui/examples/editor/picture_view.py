"""An image of a message: small in its card, large in a dialog."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Slot
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QWidget,
)
from typing_extensions import override

from desktop_app.ui.about_dialogs import with_close
from desktop_app.ui.examples.editor.pictures import (
    THUMBNAIL,
    Picture,
    Pictures,
    host_of,
    is_data_url,
)
from desktop_app.ui.widgets.parts import isolated, label

LARGE = QSize(1600, 1200)
SMALLEST = QSize(360, 260)
AROUND = QSize(60, 130)
"""What the dialog needs beside the image."""

FRAME = 3
FOCUS_WIDTH = 2


class Thumbnail(QAbstractButton):
    """A picture that can be pressed; it gives way where the card is narrower."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self._size = QSize(0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_image(self, image: QImage) -> None:
        """Take a picture of at most thumbnail size."""
        self._pixmap = QPixmap.fromImage(image)
        self._size = image.size()
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return self._size + QSize(2 * FRAME, 2 * FRAME)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.sizeHint().height())

    @override
    def paintEvent(self, e: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = self.size() - QSize(2 * FRAME, 2 * FRAME)
        fitted = self._size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        shown = self._size if fitted.width() > self._size.width() else fitted
        target = QRect(QPoint(FRAME, FRAME), shown)
        painter.drawPixmap(target, self._pixmap)
        if self.hasFocus():
            colour = self.palette().color(QPalette.ColorRole.Highlight)
            painter.setPen(QPen(colour, FOCUS_WIDTH))
            painter.drawRect(target.adjusted(-1, -1, 1, 1))
        painter.end()


class PictureView(QWidget):
    """One image: its thumbnail, or in words what it is. A web address is never fetched."""

    def __init__(self, pictures: Pictures | None) -> None:
        super().__init__()
        self._pictures = pictures
        self._url = ""
        self._number = 0
        self.thumbnail = Thumbnail()
        self.thumbnail.clicked.connect(self._enlarge)
        self.words = label(kind="small", wrap=True)
        layout = QHBoxLayout()
        layout.setContentsMargins(3, 0, 0, 0)
        layout.addWidget(self.thumbnail)
        layout.addWidget(self.words, 1)
        self.setLayout(layout)
        if pictures is not None:
            pictures.arrived.connect(self._take)

    def show_image(self, url: str, number: int) -> None:
        """Show the image at an address; `number` counts the images of the message."""
        self._url, self._number = url, number
        self.thumbnail.hide()
        self.words.setToolTip("")
        if not is_data_url(url):
            self._show_address()
        elif self._pictures is None:
            self.words.setText(self.tr("An image, kept as it is"))
        else:
            self._show(self._pictures.thumbnail(url))

    def _show_address(self) -> None:
        host = host_of(self._url)
        if host:
            text = self.tr("An image on %1. It is not loaded; the service fetches it from there.")
            self.words.setText(text.replace("%1", isolated(host)))
        else:
            self.words.setText(self.tr("An image at an address that is neither web nor data"))
        self.words.setToolTip(self._url[:500])

    def _show(self, picture: Picture | str | None) -> None:
        if isinstance(picture, Picture):
            self.thumbnail.show_image(picture.image)
            size = f"{picture.size.width():,} × {picture.size.height():,}"
            self.words.setText(size)
            named = self.tr("Image %1, %2 pixels: enlarge").replace("%1", str(self._number))
            self.thumbnail.setAccessibleName(named.replace("%2", size))
            self.thumbnail.setToolTip(self.tr("Enlarge"))
            self.thumbnail.show()
        else:
            reading = self.tr("Reading the image…")
            self.words.setText(why_not_shown(self, picture) if picture else reading)

    @Slot(object, QSize, object)
    def _take(self, url: str, bounds: QSize, picture: Picture | str) -> None:
        if url == self._url and bounds == THUMBNAIL:
            self._show(picture)

    @Slot()
    def _enlarge(self) -> None:
        if self._pictures is not None:
            PictureDialog(self._url, self._number, self._pictures, self.window()).open()


class PictureDialog(QDialog):
    """An image as large as the dialog, scrolled where it is larger."""

    def __init__(self, url: str, number: int, pictures: Pictures, parent: QWidget) -> None:
        super().__init__(parent)
        self._url = url
        self._most = parent.size()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Image %1").replace("%1", str(number)))
        self.resize(820, 640)
        self.picture = QLabel(self.tr("Reading the image…"))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        scroll = QScrollArea()
        scroll.setAccessibleName(self.windowTitle())
        scroll.setWidget(self.picture)
        scroll.setWidgetResizable(True)
        scroll.viewport().setAutoFillBackground(False)
        self.picture.setAutoFillBackground(False)
        self.size_words = label(kind="small")
        self.setLayout(with_close(self, scroll, self.size_words))
        pictures.arrived.connect(self._take)
        pictures.ask(url, LARGE)

    @Slot(object, QSize, object)
    def _take(self, url: str, bounds: QSize, picture: Picture | str) -> None:
        if url != self._url or bounds != LARGE:
            return
        if isinstance(picture, str):
            self.picture.setText(why_not_shown(self, picture))
            return
        self.picture.setPixmap(QPixmap.fromImage(picture.image))
        wanted = picture.image.size() + AROUND
        self.resize(wanted.expandedTo(SMALLEST).boundedTo(self._most))
        size = f"{picture.size.width():,} × {picture.size.height():,}"
        self.size_words.setText(self.tr("%1 pixels").replace("%1", size))


def why_not_shown(widget: QWidget, reason: str) -> str:
    """Say why an image cannot be shown; it is kept all the same."""
    texts = {
        "too_large": widget.tr("An image too large to be shown here. It is kept as it is."),
        "unknown_format": widget.tr(
            "An image that is neither PNG, JPEG nor WEBP. Services refuse it; it is kept as it is."
        ),
        "not_base64": widget.tr("An image whose data is not valid base64. It is kept as it is."),
    }
    return texts.get(reason, widget.tr("An image whose data is damaged. It is kept as it is."))
