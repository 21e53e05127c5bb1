"""The service's own log: what happened and where, never what anybody wrote."""

import copy
import logging
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from typing_extensions import override

MAX_BYTES = 1_000_000


def where(error: BaseException) -> str:
    """Name an exception and its place, without its message: that may quote a user's text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"


class _Formatter(logging.Formatter):
    """Names an exception and its place; its text, which may quote a request, is left out."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        # Another handler may have left its own text of the exception in the record.
        own = copy.copy(record)
        own.exc_text = None
        return super().format(own)

    @override
    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return where(ei[1]) if ei[1] is not None else ""


def write_log(path: Path) -> None:
    """Send everything that this process logs to a file of at most a megabyte, and one before it."""
    handler = RotatingFileHandler(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # They log what clients send.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
