import json
from pathlib import Path

import pytest

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.storage.training_files import write_both_files, write_training_file


def conversation(text: str) -> Conversation:
    return Conversation((Message("user", text), Message("assistant", "It is on its way.")))


def test_one_conversation_stands_on_each_line_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert write_training_file(path, [conversation("Where?\nWhen?"), conversation("包裹")]) == 2
    data = path.read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"}\n")
    lines = [json.loads(line) for line in data.split(b"\n")[:-1]]
    assert [line["messages"][0]["content"] for line in lines] == ["Where?\nWhen?", "包裹"]


def test_the_mark_is_written_once_where_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_training_file(path, [conversation("a"), conversation("b")], byte_order_mark=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf{")
    assert path.read_bytes().count(b"\xef\xbb\xbf") == 1


def test_being_stopped_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"old")
    with pytest.raises(InterruptedError):
        write_training_file(path, [conversation("a")], lambda: True)
    assert path.read_bytes() == b"old"


def test_either_both_files_are_written_or_none(tmp_path: Path) -> None:
    training, test = tmp_path / "t.jsonl", tmp_path / "t-test.jsonl"
    test.mkdir()
    with pytest.raises(IsADirectoryError):
        write_both_files(training, [conversation("a")], test, [conversation("b")])
    assert not training.exists()
    test.rmdir()
    both = write_both_files(training, [conversation("a")], test, [conversation("b")] * 2)
    assert both == (1, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t-test.jsonl", "t.jsonl"]
