"""The service's own log: what happened and where, never what anybody wrote."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from typing_extensions import override

from desktop_app.engine.errors import where

MAX_BYTES = 1_000_000


class _Formatter(logging.Formatter):
    """Names an exception and its place; its text, which may quote a request, is left out."""

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
