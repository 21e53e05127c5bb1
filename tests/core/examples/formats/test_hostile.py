import io
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import BinaryIO, cast

import pytest

from desktop_app.core.examples.formats.format import Container, Detected, Format
from desktop_app.core.examples.formats.pieces import LIMIT, lines
from desktop_app.core.examples.formats.read import read_examples
from desktop_app.core.examples.formats.values import split_values
from desktop_app.core.examples.imported import Rejected
from tests.core.examples.formats.reading import GOOD, numbers, only_rejected, read

MEGABYTE = 1 << 20


class Endless(io.RawIOBase):
    """A file that is made while it is read, so that it may be larger than memory."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = part
        n = min(len(view), len(self._rest))
        view[:n], self._rest = self._rest[:n], self._rest[n:]
        return n


def endless(*parts: Iterable[bytes]) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(Endless(chain(*parts)), MEGABYTE))


def peak_of(file: BinaryIO, container: Container) -> tuple[int, int, list[Rejected]]:
    """Return the most bytes held at once, how many were read, and what was rejected."""
    tracemalloc.start()
    n, rejected = 0, []
    for item in read_examples(file, Detected(Format.CHAT, container=container)):
        if isinstance(item, Rejected):
            rejected.append(item)
        else:
            n += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, n, rejected


@pytest.mark.parametrize("container", [Container.LINES, Container.ARRAY])
def test_a_record_of_200_megabytes_is_never_held(container: Container) -> None:
    good = GOOD.encode()
    between = b"\n" if container is Container.LINES else b",\n"
    head = b"" if container is Container.LINES else b"["
    head += good + between + b'{"messages":[{"role":"user","content":"'
    tail = b'"}]}' + between + good
    file = endless([head], repeat(b"x" * MEGABYTE, 200), [tail])
    peak, n, (rejected,) = peak_of(file, container)
    assert (n, rejected.number, rejected.reason) == (2, 2, "too_long")
    assert rejected.text == (head.split(between)[-1].decode() + "x" * 500)[:500]
    assert peak < 4 * LIMIT


@pytest.mark.parametrize("filling", [b"[1],", b" ", b'"\\"",', b"'", b"\n", b'\n"', b"\\"])
def test_what_is_too_long_ends_where_its_brackets_do(filling: bytes) -> None:
    many = filling * (1_000_000 // len(filling))
    data = b'[{"a":1},\n {"b":[' + many + b'2]},\n {"b":3},\n "xx", 4]'
    found = list(split_values(io.BytesIO(data), 1000))
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    assert found[1][1] == data[data.index(b'{"b') :][:1001]
    assert [piece for _, piece in found[2:]] == [b'{"b":3}', b'"xx"', b"4"]


def test_a_line_that_is_too_long_is_passed_over() -> None:
    data = b"a\n" + b"b" * 5000 + b"\n" + b"c" * 100 + b"\n" + b"d" * 99 + b"\ne"
    assert list(lines(io.BytesIO(data), 100)) == [
        (1, b"a\n"), (2, b"b" * 101), (3, b"c" * 100 + b"\n"), (4, b"d" * 99 + b"\n"), (5, b"e"),
    ]  # fmt: skip


@pytest.mark.parametrize("container", [Container.LINES, Container.ARRAY, Container.OBJECTS])
def test_many_records_are_not_held(container: Container) -> None:
    block = (GOOD + (",\n" if container is Container.ARRAY else "\n")).encode() * 100
    opening, closing = (b"[", b"]") if container is Container.ARRAY else (b"", b"")
    peak, n, rejected = peak_of(endless([opening], repeat(block, 200), [closing]), container)
    assert (n, rejected) == (20_000, [])
    assert peak < 8 * MEGABYTE


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"messages":' + "[" * 10_000 + "]" * 10_000 + "}", "too_deep"),
        ('{"x":' * 10_000 + "1" + "}" * 10_000, "too_deep"),
        ('{"prompt":' + "[" * 150 + "]" * 150 + ',"completion":"x"}', "too_deep"),
        ("[" * 10_000, "not_an_object"),
        ("\0" * 1000, "not_json"),
        (GOOD.replace("parcel", "par\0cel"), "not_json"),
        (GOOD.replace("parcel", "\\ud800"), "half_character"),
        (GOOD.replace("parcel", "\\udc00\\ud800"), "half_character"),
        ('{"prompt":"\\ud800","completion":"x"}', "half_character"),
        ('{"prompt":1e999,"completion":"x"}', "half_character"),
    ],
)  # fmt: skip
def test_a_hostile_line_costs_only_itself(line: str, reason: str) -> None:
    items = read(f"{GOOD}\n{line}\n{GOOD}")
    assert numbers(items) == [(1, True), (2, False), (3, True)]
    assert only_rejected(items).reason == reason
    assert only_rejected(items).mended is None


def test_utf16_that_ends_in_half_a_character() -> None:
    items = read(f"{GOOD}\n{GOOD}".encode("utf-16")[:-1])
    assert numbers(items) == [(1, True), (2, False)]
    assert only_rejected(items).reason == "not_utf8"


def test_half_a_pair_in_utf16_costs_only_its_line() -> None:
    broken = GOOD.replace("parcel", "\ud83d")
    items = read(f"{GOOD}\n{broken}\n{GOOD}".encode("utf-16-le", "surrogatepass"))
    assert numbers(items) == [(1, True), (2, False), (3, True)]


def test_a_byte_that_an_old_encoding_does_not_know_costs_only_its_line() -> None:
    line = GOOD.replace("parcel", "Päckchen").encode("cp1252")
    data = b"\n".join([line, line.replace(b"ck", b"\x81\x8d"), line])
    found = Detected(Format.CHAT, "cp1252", container=Container.LINES)
    assert numbers(read(data, found)) == [(1, True), (2, False), (3, True)]


def test_nothing_is_in_an_empty_file() -> None:
    for data in (b"", b"\xef\xbb\xbf", b"\n \n", "\ufeff".encode("utf-16"), b"[]", b"[\n]\n"):
        assert read(data) == []


def test_a_file_that_shrinks_while_it_is_read() -> None:
    def parts() -> Iterator[bytes]:
        yield f"{GOOD}\n{GOOD[:20]}".encode()

    for container in (Container.LINES, Container.OBJECTS, Container.ARRAY):
        items = list(read_examples(endless(parts()), Detected(Format.CHAT, container=container)))
        assert numbers(items) == [(1, True), (2, False)]


def test_an_error_of_the_disk_is_not_swallowed() -> None:
    def parts() -> Iterator[bytes]:
        yield f"{GOOD}\n".encode()
        raise OSError(5, "Input/output error")

    for container in (Container.LINES, Container.ARRAY):
        with pytest.raises(OSError, match="Input"):
            list(read_examples(endless(parts()), Detected(Format.CHAT, container=container)))


@pytest.mark.parametrize("size", range(1, 40))
def test_pieces_of_any_size_are_read_alike(size: int) -> None:
    text = (
        f'[{{"prompt":"a\\\\","completion":"]}}\\"{{"}},\n {GOOD},\n"x",\n {GOOD[:-1]},\n {GOOD}]'
    )
    data = text.encode()
    parts = (data[n : n + size] for n in range(0, len(data), size))
    small = io.BufferedReader(Endless(parts), 1)
    found = Detected(Format.CHAT, container=Container.ARRAY)
    assert list(read_examples(cast("BinaryIO", small), found)) == read(data, found)
    assert [is_read for _, is_read in numbers(read(data, found))] == [
        True,
        True,
        False,
        False,
        True,
    ]
