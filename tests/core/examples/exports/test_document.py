from collections.abc import Iterator
from html.parser import HTMLParser

from desktop_app.core.examples.conversation import (
    ContentPart,
    Conversation,
    FunctionCall,
    ImageUrl,
    Message,
    ToolCall,
)
from desktop_app.core.examples.exports.document import Words, document_lines
from desktop_app.core.examples.imported import Imported

PICTURE = "data:image/png;base64,iVBORw0KGgo="


class Page(HTMLParser):
    """The tags, attributes and texts of a page, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page_of(*items: Imported, words: Words | None = None) -> Page:
    contents = [(item.number, item.conversation.title) for item in items]
    more = {} if words is None else {"words": words}
    page = Page("".join(document_lines("The shop", contents, items, **more)))
    assert page.open == []
    return page


def test_a_conversation_with_all_that_is_known_of_it() -> None:
    said = (
        Message("system", "Be kind."),
        Message("user", "Where?"),
        Message("assistant", "There."),
    )
    item = Imported(Conversation(said), 7, ("a", "b"), 4, "checked", "test", "march.xlsx")
    texts = page_of(item).texts
    for expected in ("The shop", "Tags: a, b", "Quality: ★★★★", "Used for: test", "Notes: checked"):
        assert expected in texts
    spoken = [text for text in texts if text in {m.text for m in said} or text == "Assistant"]
    assert spoken == ["Where?", "Where?", "Be kind.", "Where?", "Assistant", "There."]


def test_the_contents_lead_to_the_conversations() -> None:
    items = [Imported(Conversation((Message("user", f"q{n}"),)), n) for n in (3, 5)]
    tags = page_of(*items).tags
    links = [attributes["href"] for tag, attributes in tags if attributes.get("href")]
    anchors = [attributes["id"] for tag, attributes in tags if "id" in attributes]
    assert links == [f"#{anchor}" for anchor in anchors] == ["#c3", "#c5"]


def test_texts_are_escaped_and_lie_in_their_own_direction() -> None:
    text = "<script>alert('x')</script> & \"مرحبا\" \0\ud800"
    item = Imported(Conversation((Message(text, text),)), 1, (text,), notes=text, source=text)
    page = page_of(item)
    assert all(tag != "script" for tag, _ in page.tags)
    assert "<script>alert('x')</script> & \"مرحبا\" \ufffd\ufffd" in page.texts
    assert {"dir": "auto", "class": "said"} in [attributes for _, attributes in page.tags]


def test_nothing_is_loaded_from_elsewhere() -> None:
    addresses = ("https://example.org/x.png", 'data:image/png;base64,x" onerror="y', PICTURE)
    parts = tuple(ContentPart("image_url", image_url=ImageUrl(url)) for url in addresses)
    page = page_of(Imported(Conversation((Message("user", parts),)), 1))
    assert [a["src"] for tag, a in page.tags if tag == "img"] == [PICTURE]
    assert addresses[0] in page.texts
    policy = next(a["content"] for tag, a in page.tags if "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_two_replies_calls_and_what_is_not_learned_from() -> None:
    call = ToolCall("1", FunctionCall("find_parcel", '{"id": 7}'))
    conversation = Conversation(
        (Message("user", "q"), Message("assistant", tool_calls=(call,), weight=0)),
        tools='[{"type": "function"}]',
        preferred=(Message("assistant", "better"),),
        non_preferred=(Message("assistant", "worse"),),
    )
    words = Words(not_learned="nicht gelernt")
    texts = page_of(Imported(conversation, 1), words=words).texts
    assert "Assistant · nicht gelernt" in texts
    assert 'calls find_parcel {"id": 7}' in texts
    assert '[{"type": "function"}]' in texts
    assert texts.index("Assistant · preferred") < texts.index("better")
    assert texts.index("Assistant · not preferred") < texts.index("worse")


def test_it_streams() -> None:
    def endless() -> Iterator[Imported]:
        while True:
            yield Imported(Conversation((Message("user", "again"),)), 1)

    lines = document_lines("x", [], endless())
    assert sum("again" in next(lines) for _ in range(1000)) > 100
