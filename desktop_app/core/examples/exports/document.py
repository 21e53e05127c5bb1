"""A set as a document to read and print: one HTML file that needs nothing else.

The style keeps to what rich text of Qt knows too, so that a PDF can be made of the same text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from desktop_app.core.examples.chat_jsonl import whole_characters
from desktop_app.core.examples.conversation import ContentPart, Conversation, Message
from desktop_app.core.examples.imported import Imported

STYLE = """
body { font-family: sans-serif; font-size: 10pt; color: #1c1c1e; background: #ffffff;
       max-width: 45em; margin: 2em auto; line-height: 1.45; }
h1 { font-size: 18pt; } h2 { font-size: 12pt; margin-top: 2em; border-top: 1px solid #c8c8cc;
     padding-top: 1em; page-break-after: avoid; }
.about { color: #5c5c63; font-size: 9pt; } ol { padding-inline-start: 3em; }
.who { color: #5c5c63; font-size: 8pt; font-weight: bold; margin: 1em 0 0 0;
       page-break-after: avoid; }
.said { white-space: pre-wrap; margin: 0.2em 0 0 0; } pre { white-space: pre-wrap; font-size: 8pt; }
img { max-width: 20em; } a { color: inherit; text-decoration: none; }
@page { margin: 2cm; }
"""

_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
"""What a picture may be in the document: in the file itself. Addresses are printed, not loaded."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
"""What HTML does not allow."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the document, to be translated; `{n}` is a number."""

    contents: str = "Contents"
    untitled: str = "Conversation {n}"
    tags: str = "Tags"
    rating: str = "Quality"
    split: str = "Used for"
    training: str = "training"
    test: str = "test"
    notes: str = "Notes"
    source: str = "Source"
    tools: str = "Tools"
    calls: str = "calls"
    not_learned: str = "not learned from"
    preferred: str = "preferred"
    non_preferred: str = "not preferred"
    system: str = "Instructions"
    user: str = "User"
    assistant: str = "Assistant"
    tool: str = "Tool"


ENGLISH = Words()


def document_lines(
    title: str,
    contents: Iterable[tuple[int, str]],
    items: Iterable[Imported],
    words: Words = ENGLISH,
) -> Iterator[str]:
    """Yield the document line by line, for UTF-8.

    `contents` are the ids and titles of the items, in their order; `number` of an item is its id.
    """
    yield '<!DOCTYPE html>\n<html><head><meta charset="utf-8">\n'
    yield '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    yield "style-src 'unsafe-inline'; img-src data:\">\n"
    yield f"<title>{_text(title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
    yield f'<h1 dir="auto">{_text(title)}</h1>\n'
    yield f"<p><b>{_text(words.contents)}</b></p>\n<ol>\n"
    for number, name in contents:
        yield f'<li dir="auto"><a href="#c{number}">{_title(name, number, words)}</a></li>\n'
    yield "</ol>\n"
    for item in items:
        yield from _conversation(item, words)
    yield "</body></html>\n"


def _conversation(item: Imported, words: Words) -> Iterator[str]:
    conversation = item.conversation
    title = _title(conversation.title, item.number, words)
    yield f'<h2 dir="auto" id="c{item.number}"><a name="c{item.number}">{title}</a></h2>\n'
    for label, value in _facts(item, words):
        yield f'<p class="about" dir="auto">{_text(label)}: {_text(value)}</p>\n'
    for message, remark in _spoken(conversation, words):
        yield from _message(message, remark, words)
    if conversation.tools:
        yield f'<p class="who">{_text(words.tools)}</p>\n<pre>{_text(conversation.tools)}</pre>\n'


def _facts(item: Imported, words: Words) -> list[tuple[str, str]]:
    splits = {"training": words.training, "test": words.test}
    facts = (
        (words.tags, ", ".join(item.tags)),
        (words.rating, "★" * item.rating),
        (words.split, splits.get(item.split, item.split)),
        (words.source, item.source),
        (words.notes, item.notes),
    )
    return [(label, value) for label, value in facts if value]


def _spoken(conversation: Conversation, words: Words) -> Iterator[tuple[Message, str]]:
    for message in conversation.messages:
        yield message, words.not_learned if message.weight == 0 else ""
    for reply in conversation.preferred or ():
        yield reply, words.preferred
    for reply in conversation.non_preferred or ():
        yield reply, words.non_preferred


def _message(message: Message, remark: str, words: Words) -> Iterator[str]:
    names = {
        "system": words.system,
        "user": words.user,
        "assistant": words.assistant,
        "tool": words.tool,
    }
    who = [names.get(message.role, message.role), message.name or "", remark]
    yield f'<p class="who" dir="auto">{_text(" · ".join(filter(None, who)))}</p>\n'
    if isinstance(message.content, tuple):
        for part in message.content:
            yield _part(part)
    elif message.content:
        yield _said(message.content)
    for call in message.tool_calls:
        about = f"{words.calls} {call.function.name} {call.function.arguments}"
        yield f"<pre>{_text(about)}</pre>\n"


def _part(part: ContentPart) -> str:
    if part.image_url is None:
        return _said(part.text or "")
    address = part.image_url.url
    if _IMAGE.fullmatch(address):
        return f'<p><img src="{address}" alt=""></p>\n'
    return _said(address)


def _said(text: str) -> str:
    return f'<p class="said" dir="auto">{_text(text)}</p>\n'


def _title(title: str, number: int, words: Words) -> str:
    return _text(title or words.untitled.replace("{n}", str(number)))


def _text(text: str) -> str:
    return _CONTROL.sub("\ufffd", escape(whole_characters(text)))
