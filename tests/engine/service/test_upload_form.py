"""The multipart reader, at every place where the network may cut."""

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.engine.api.files_api import plain_file_name
from desktop_app.engine.api.upload import ReceivedForm
from desktop_app.engine.errors import ApiError

BOUNDARY = b"cut-here"


def form(content: bytes, name: bytes = b"a.jsonl") -> bytes:
    """Return a form with a file and a field."""
    return b"".join(
        (
            b"--cut-here\r\n",
            b'Content-Disposition: form-data; name="file"; filename="' + name + b'"\r\n',
            b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n",
            b"--cut-here\r\nContent-Disposition: form-data; name=purpose\r\n\r\nfine-tune\r\n",
            b"--cut-here--\r\n",
        )
    )


def received(path: Path, data: bytes, cuts: list[int], limit: int = 1000) -> ReceivedForm:
    """Feed a form in pieces."""
    upload = ReceivedForm(path, "file", limit)
    parser = upload.parser(BOUNDARY)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    try:
        for start, end in itertools.pairwise(places):
            parser.write(data[start:end])
    finally:
        upload.finish()
    parser.finalize()
    return upload


@given(
    content=st.binary(max_size=300).filter(lambda data: b"--cut-here" not in data)
    | st.sampled_from([b"\r\n--cut", b"\r\n--cut-her", b"\r\n" * 9, b"--", b"\r"]),
    cuts=st.lists(st.integers(0, 600), max_size=12),
)
def test_a_file_arrives_whole_wherever_it_is_cut(content: bytes, cuts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        upload = received(path, form(content), cuts)
        assert path.read_bytes() == content
        assert upload.bytes == len(content)
        assert upload.fields == {"purpose": "fine-tune"}
        assert upload.file_name == "a.jsonl"


def test_a_file_stops_at_the_limit(tmp_path: Path) -> None:
    assert received(tmp_path / "a", form(b"x" * 100), [], 100).bytes == 100
    with pytest.raises(ApiError) as caught:
        received(tmp_path / "b", form(b"x" * 101), [80, 150], 100)
    assert caught.value.status == 413
    assert (tmp_path / "b").stat().st_size <= 100


@given(st.text(max_size=400))
def test_any_name_becomes_a_plain_one(name: str) -> None:
    plain = plain_file_name(name)
    assert 1 <= len(plain) <= 255
    assert plain.isprintable()
    assert "/" not in plain
    assert "\\" not in plain
