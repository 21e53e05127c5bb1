import dataclasses
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.chat_jsonl import line, parse_line
from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.imported import Imported, Rejected
from tests.core.examples.formats.reading import GOOD, read

TABLES = (Format.TABLE, Format.XLSX)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
said = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts})
records = st.one_of(
    st.fixed_dictionaries({"messages": st.lists(said, max_size=3)}),
    st.fixed_dictionaries({"prompt": texts, "completion": texts}),
    st.fixed_dictionaries({"instruction": texts, "input": texts, "output": texts}),
    st.fixed_dictionaries(
        {"conversations": st.lists(st.fixed_dictionaries({"from": st.just("gpt"), "value": texts}))}
    ),
    st.fixed_dictionaries({"text": texts}),
)
files = st.builds(
    lambda found, indent, whole: (
        json.dumps(found, indent=indent, ensure_ascii=False)
        if whole
        else "\n".join(json.dumps(record, indent=indent) for record in found)
    ),
    st.lists(records, min_size=1, max_size=5),
    st.sampled_from([None, None, 0, 2]),
    st.booleans(),
)
encodings = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
snippets = st.sampled_from([b"\0", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b"\n", b"\xff", b"'"])


def everything_holds(data: bytes) -> None:
    found = detect(data)
    if found.format in TABLES:
        found = dataclasses.replace(found, format=Format.UNKNOWN)
    for container in Container:
        for format_ in (found.format, Format.CHAT_TEXT, Format.PROJECT, Format.PREFERENCE):
            how = dataclasses.replace(found, format=format_, container=container)
            for item in read_examples(io.BytesIO(data), how, repair_mojibake=True):
                assert item.number > 0
                read_ = item.mended if isinstance(item, Rejected) else item
                if isinstance(item, Rejected):
                    assert item.reason
                    assert item.detail
                    assert len(item.text) <= 500
                if read_ is not None:
                    assert read_.number == item.number
                    assert parse_line(line(read_.conversation)) == read_.conversation


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    everything_holds(data)


@given(files, encodings, st.lists(st.tuples(st.integers(0, 999), snippets), max_size=4))
def test_no_damage_raises(text: str, encoding: str, damage: list[tuple[int, bytes]]) -> None:
    data = text.encode(encoding)
    for place, snippet in damage:
        at = place % (len(data) + 1)
        data = data[:at] + snippet + data[at + place % 2 :]
    everything_holds(data)


@given(files, st.integers(0, 2000))
def test_no_cut_raises(text: str, end: int) -> None:
    everything_holds(text.encode()[:end])


@given(st.lists(records, min_size=1, max_size=6), st.sampled_from(["lines", "list", "pretty"]))
def test_no_record_is_lost(found: list[object], layout: str) -> None:
    texts_ = [json.dumps(record, ensure_ascii=layout == "list") for record in found]
    text = "\n".join(texts_)
    if layout == "list":
        text = json.dumps(found, indent=1)
    if layout == "pretty":
        text = "\n".join(json.dumps(record, indent=2) for record in found)
    items = read(text.encode())
    assert [item.number for item in items] == list(range(1, len(found) + 1))
    for item, record in zip(items, found, strict=True):
        assert isinstance(record, dict)
        assert isinstance(item, Imported) == ("text" not in record)


breaks = st.sampled_from(
    [lambda t: t[:-1], lambda t: t + "}", lambda t: t.replace('"', "'"), lambda t: t + ",",
     lambda t: "x" + t, lambda t: t.replace(":", "", 1), lambda t: t[: len(t) // 2]]
)  # fmt: skip


@given(st.lists(st.none() | breaks, min_size=1, max_size=8))
def test_damaged_lines_are_counted_one_by_one(damage: list[object]) -> None:
    broken = [GOOD if change is None else change(GOOD) for change in damage]  # type: ignore[operator]  # of lambdas
    items = read("\n".join(broken), Detected(Format.CHAT, container=Container.LINES))
    assert [item.number for item in items] == list(range(1, len(damage) + 1))
    assert [isinstance(item, Imported) for item in items] == [text == GOOD for text in broken]
