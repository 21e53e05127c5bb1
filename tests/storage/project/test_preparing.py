"""Reading a file in pieces is reading it line by line."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.formats.detect import detect
from desktop_app.core.examples.formats.format import Container, Format
from desktop_app.core.examples.formats.pieces import LIMIT
from desktop_app.storage.project import preparing
from tests.storage.project.cut_files import FILES, LINES, SOME, chat, in_pieces, singly


@settings(deadline=None)
@given(
    lines=st.lists(st.sampled_from([*(s.encode() for s in SOME), b"\xff", b"\xef\xbb\xbf", b" "])),
    end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    is_ended=st.booleans(),
    size=st.integers(1, 700),
    format_=st.sampled_from([Format.CHAT, Format.SHAREGPT, Format.PROJECT]),
)
def test_wherever_a_file_is_cut(
    lines: list[bytes], end: bytes, is_ended: bool, size: int, format_: Format
) -> None:
    data = end.join(lines) + (end if is_ended else b"")
    detected = replace(LINES, format=format_, line_end="\r" if end == b"\r" else "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "PIECE", size)
        assert in_pieces(data, detected) == singly(data, detected)


@pytest.mark.parametrize("over", [-1, 0, 1, 2 << 20])
def test_a_line_at_the_limit(over: int) -> None:
    longest = chat("").encode()
    filled = longest.replace(b'""', b'"' + b"x" * (LIMIT + over - len(longest) - 1) + b'"')
    data = b"\n".join([chat("a").encode(), filled, chat("b").encode()])
    rows, rejected = in_pieces(data, LINES)
    assert (rows, rejected) == singly(data, LINES)
    assert [bad.reason for bad in rejected] == (["too_long"] if over > 0 else [])


def test_what_depends_on_other_lines_is_not_cut() -> None:
    assert not any(
        preparing.may_be_cut(replace(LINES, format=each))
        for each in (Format.TABLE, Format.XLSX, Format.CHAT_TEXT)
    )
    assert not preparing.may_be_cut(replace(LINES, container=Container.ARRAY))


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_pieces_hold_what_the_file_does(
    monkeypatch: pytest.MonkeyPatch, name: str, *, repair: bool
) -> None:
    monkeypatch.setattr(preparing, "PIECE", 300)
    detected = detect(FILES[name], "x.jsonl")
    assert preparing.may_be_cut(detected)
    expected = singly(FILES[name], detected, repair=repair)
    assert len(expected[0]) >= 9
    assert len(expected[1]) >= 9
    assert in_pieces(FILES[name], detected, repair=repair) == expected
