"""What the tests of the readers share."""

import io
import json

from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Detected
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected

Items = list[Imported | Rejected]

RECORD = {
    "messages": [
        {"role": "user", "content": "Where is my parcel?"},
        {"role": "assistant", "content": "On its way."},
    ]
}
GOOD = json.dumps(RECORD)


def read(data: bytes | str, detected: Detected | None = None, name: str = "") -> Items:
    """Detect and read."""
    data = data.encode() if isinstance(data, str) else data
    return list(read_examples(io.BytesIO(data), detected or detect(data, name)))


def said(item: Imported | Rejected | None) -> list[tuple[str, str]]:
    """Return role and text of every message."""
    assert isinstance(item, Imported)
    return [(message.role, message.text) for message in item.conversation.all_messages]


def numbers(items: Items) -> list[tuple[int, bool]]:
    """Return the number of each item, and whether it was read."""
    return [(item.number, isinstance(item, Imported)) for item in items]


def only_rejected(items: Items) -> Rejected:
    """Return the one that was rejected."""
    (rejected,) = (item for item in items if isinstance(item, Rejected))
    return rejected
