import base64
import struct
import zlib

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import ContentPart, Conversation, ImageUrl, Message
from desktop_app.ui.examples.editor.picture_view import PictureDialog, PictureView
from desktop_app.ui.examples.editor.pictures import (
    THUMBNAIL,
    PictureError,
    decode,
    host_of,
)
from tests.ui.examples.editor.editor_bench import Bench, image_url

REPLY = Message("assistant", "a lamp")


def image(url: str) -> ContentPart:
    return ContentPart("image_url", image_url=ImageUrl(url, detail="low"))


def text(words: str) -> ContentPart:
    return ContentPart("text", text=words)


def claiming(width: int, height: int) -> str:
    """A PNG of a few bytes that claims to be as large as this."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    )
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_is_made_to_fit(kind: str) -> None:
    picture = decode(image_url(QSize(900, 300), kind), THUMBNAIL)
    assert picture.size == QSize(900, 300)
    assert picture.image.width() == THUMBNAIL.width()
    assert decode(image_url(QSize(9, 3), kind), THUMBNAIL).image.size() == QSize(9, 3)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (claiming(60_000, 60_000), "too_large"),
        (claiming(40, 40), "damaged"),
        ("data:image/png;base64,AAAA", "unknown_format"),
        ("data:image/png;base64,A", "not_base64"),
        ("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown_format"),
        ("data:image/bmp;base64,Qk0=", "unknown_format"),
        ("data:," + "A" * 40_000_000, "too_large"),
    ],
)
def test_what_cannot_be_shown_is_named(url: str, reason: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(url, THUMBNAIL)
    assert caught.value.reason == reason


def test_hosts() -> None:
    assert host_of("https://pictures.example:8080/a.png?x=1") == "pictures.example"
    assert host_of("file:///a.png") == ""
    assert host_of("https://[broken") == ""


def test_images_are_shown_between_texts_that_can_be_edited(qtbot: QtBot, bench: Bench) -> None:
    parts = (
        text("one"),
        image(image_url(QSize(600, 400))),
        text("two"),
        image("https://a.example/b"),
    )
    bench.show(Conversation((Message("user", parts), REPLY)))
    card = bench.editor.card(0)
    assert card.text.isHidden()
    assert card.parts is not None
    first, picture, second, web = card.parts.views
    assert isinstance(picture, PictureView)
    assert isinstance(web, PictureView)
    qtbot.waitUntil(picture.thumbnail.isVisible, timeout=5000)
    assert picture.words.text() == "600 × 400"
    assert picture.thumbnail.accessibleName()
    assert "a.example" in web.words.text()
    assert not web.thumbnail.isVisible()
    second.setPlainText("other words")  # type: ignore[attr-defined]  # a text box
    content = bench.edited.conversation.messages[0].content
    assert content == (parts[0], parts[1], text("other words"), parts[3])
    bench.edited.write()
    bench.project.undo()
    assert second.toPlainText() == "two"  # type: ignore[attr-defined]  # a text box
    assert card.parts.views[0] is first


def test_an_image_is_enlarged(qtbot: QtBot, bench: Bench) -> None:
    bench.show(Conversation((Message("user", (image(image_url(QSize(600, 400))),)), REPLY)))
    parts = bench.editor.card(0).parts
    assert parts is not None
    view = parts.views[0]
    assert isinstance(view, PictureView)
    qtbot.waitUntil(view.thumbnail.isVisible, timeout=5000)
    view.thumbnail.click()
    [dialog] = bench.editor.findChildren(PictureDialog)
    qtbot.waitUntil(lambda: dialog.picture.pixmap().width() == 600, timeout=5000)
    with qtbot.waitSignal(dialog.destroyed):
        dialog.done(QDialog.DialogCode.Accepted)


def test_a_damaged_image_is_named_and_kept(qtbot: QtBot, bench: Bench) -> None:
    before = Conversation((Message("user", (image(claiming(60_000, 60_000)),)), REPLY))
    bench.show(before)
    parts = bench.editor.card(0).parts
    assert parts is not None
    view = parts.views[0]
    assert isinstance(view, PictureView)
    qtbot.waitUntil(lambda: "too large" in view.words.text(), timeout=5000)
    assert bench.edited.conversation == before
