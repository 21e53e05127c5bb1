"""Images in messages: decoded by a worker, within bounds, and never fetched from anywhere."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QImage, QImageReader

from desktop_app.background.call import BlockingWork, Report
from desktop_app.background.task_runner import TaskRunner

MOST_ENCODED = 40_000_000
"""Characters of a data URL that are decoded; services take 10 MB of image, 14 million of these."""

MOST_PIXELS = 50_000_000
"""Of an image that is decoded: 200 MB of memory for a moment. A bomb claims far more."""

FORMATS = (b"png", b"jpeg", b"webp")
KEPT = 48
THUMBNAIL = QSize(320, 200)


class PictureError(Exception):
    """An image cannot be shown: not_base64, too_large, unknown_format or damaged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Picture:
    """A decoded image of at most the size that was asked for, and its own size in pixels."""

    image: QImage
    size: QSize


def host_of(url: str) -> str:
    """Return the host of a web address, '' for anything else."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "" if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def is_data_url(url: str) -> bool:
    """Whether the image itself is in the address."""
    return url[:5].lower() == "data:"


def decode(url: str, bounds: QSize) -> Picture:
    """Decode a data URL to an image that fits into `bounds`. Raises PictureError."""
    if len(url) > MOST_ENCODED:
        raise PictureError("too_large")
    buffer = QBuffer()
    buffer.setData(QByteArray(_data(url)))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()) not in FORMATS:
        raise PictureError("unknown_format")
    size = reader.size()
    if not size.isValid() or size.isEmpty():
        raise PictureError("damaged")
    # Before anything is decoded: what a file claims to be costs nothing to read.
    if size.width() * size.height() > MOST_PIXELS:
        raise PictureError("too_large")
    if size.width() > bounds.width() or size.height() > bounds.height():
        fitted = size.scaled(bounds, Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(fitted.expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        raise PictureError("damaged")
    return Picture(image, size)


class Pictures(QObject):
    """Has images decoded. `arrived` carries the address, the bounds asked for, and what came.

    What comes is a Picture, or the reason of a PictureError.
    """

    arrived = Signal(object, QSize, object)

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._kept: dict[str, Picture | str] = {}
        self._asked: set[tuple[str, int]] = set()

    def thumbnail(self, url: str) -> Picture | str | None:
        """Return a small picture, or why there is none; None while a worker makes it."""
        if url not in self._kept:
            self.ask(url, THUMBNAIL)
        return self._kept.get(url)

    def ask(self, url: str, bounds: QSize) -> None:
        """Have an image decoded to fit into `bounds`."""
        if (url, bounds.width()) not in self._asked:
            self._asked.add((url, bounds.width()))
            self._runner.run_blocking(_decoding(url, bounds)).succeeded.connect(self._take)

    @Slot(object)
    def _take(self, result: tuple[str, QSize, Picture | str]) -> None:
        url, bounds, came = result
        self._asked.discard((url, bounds.width()))
        if bounds == THUMBNAIL:
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[url] = came
        self.arrived.emit(url, bounds, came)


def _decoding(url: str, bounds: QSize) -> BlockingWork:
    def work(_report: Report, _should_stop: object) -> tuple[str, QSize, Picture | str]:
        try:
            return url, bounds, decode(url, bounds)
        except PictureError as error:
            return url, bounds, error.reason

    return work


def _data(url: str) -> bytes:
    head, _, body = url.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body) if "%" in body else body, validate=False)
    except (binascii.Error, ValueError):
        raise PictureError("not_base64") from None
