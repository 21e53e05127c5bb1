"""Any encoding read as UTF-8, so that all that comes after knows one encoding only."""

import codecs
import io
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 16

_BROKEN = "\udcff"
"""What cannot be decoded. It makes no UTF-8, so only the record that holds it is refused."""


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _BROKEN, error.end


codecs.register_error("exemplar.broken", _mark_broken)


def utf8_stream(file: BinaryIO, encoding: str, line_end: str = "\n") -> BinaryIO:
    """Return a file that reads as UTF-8 with line feeds; the mark at its start, if any, stays.

    A file in UTF-8 is returned as it is. Half characters come out as bytes that are no UTF-8.
    """
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig") and line_end != "\r":
        return file
    return cast("BinaryIO", io.BufferedReader(_Transcoded(file, encoding, line_end), CHUNK))


class _Transcoded(io.RawIOBase):
    def __init__(self, file: BinaryIO, encoding: str, line_end: str) -> None:
        self._file = file
        # As bytes, UTF-8 needs no decoding, only its line ends.
        is_utf8 = codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")
        errors = "exemplar.broken"
        self._decoder = None if is_utf8 else codecs.getincrementaldecoder(encoding)(errors)
        self._line_end = line_end.encode()
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        while not self._ready and not self._ended:
            data = self._file.read(CHUNK)
            self._ended = not data
            self._ready = self._as_utf8(data)
        n = min(len(view), len(self._ready))
        view[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        return n

    def _as_utf8(self, data: bytes) -> bytes:
        if self._decoder is not None:
            text = self._decoder.decode(data, final=not data)
            data = text.encode(errors="surrogatepass")
        return data.replace(b"\r", b"\n") if self._line_end == b"\r" else data
