"""What an image in a message must be (vision guide): where it is, its format, its size."""

import re
from dataclasses import dataclass

FORMATS = ("image/jpeg", "image/png", "image/webp")
MOST_BYTES = 10 * 1024 * 1024
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_DATA = re.compile(r"data:([^;,]{0,80})[^,]{0,200}?(;base64)?,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImageFault:
    """A code of `texts.py`, and what it quotes."""

    code: str
    detail: str = ""


def image_fault(url: str) -> ImageFault | None:
    """Return why a service cannot take an image, None if nothing speaks against it.

    What is at a web address is not looked at.
    """
    if _WEB.match(url):
        return None
    data = _DATA.match(url)
    if data is None:
        return ImageFault("image_address")
    kind = data[1].strip().lower()
    if kind not in FORMATS:
        return ImageFault("image_format", kind)
    encoded = len(url) - data.end()
    n_bytes = encoded * 3 // 4 if data[2] else encoded
    return ImageFault("image_too_large") if n_bytes > MOST_BYTES else None
