"""What is wrong with a training file, in the words of the hosted service."""

import json
import threading
from pathlib import Path

import pytest

from desktop_app.engine.jobs_runner.training_file import (
    FileUse,
    InvalidFileError,
    StoppedError,
    count_examples,
)
from tests.engine.service.engine_child import example_lines

ANSWER = {"role": "assistant", "content": "yes"}
ASK = {"role": "user", "content": "is it?"}
NO_DICTIONARY = "Expected file to have JSONL format, where every line is a valid JSON dictionary."
NOT_PARSED = "Invalid file format. Example 3 cannot be parsed. Error: line contains invalid json:"
UNKNOWN_SHAPE = (
    "The job failed due to an invalid training file. Unexpected file format, expected either"
    " prompt/completion pairs or chat messages."
)


def message_of(tmp_path: Path, lines: list[str | bytes]) -> tuple[str | None, str | None]:
    """Return code and message for a file of these lines."""
    path = tmp_path / "file"
    data = [line if isinstance(line, bytes) else line.encode() for line in lines]
    path.write_bytes(b"\n".join(data))
    with pytest.raises(InvalidFileError) as caught:
        count_examples(path, FileUse(), stopped=threading.Event())
    return caught.value.error.code, caught.value.error.message


def conversation(*messages: object, **rest: object) -> str:
    return json.dumps({"messages": messages, **rest})


def test_sound_examples_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("\r\n\r\n".join(example_lines(12)) + "\n\n")
    assert count_examples(path, FileUse(), stopped=threading.Event()) == 12


@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few(tmp_path: Path, n: int) -> None:
    assert message_of(tmp_path, list(example_lines(n))) == (
        "invalid_n_examples",
        f"Training file has {n} example(s), but must have at least 10 examples",
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "[1, 2]",
            f'{NO_DICTIONARY} Line 3 is not a dictionary (HINT: line starts with: "[...").',
        ),
        (
            "\ufeff" + conversation(ASK, ANSWER),
            f'{NO_DICTIONARY} Line 3 is not a dictionary (HINT: line starts with: "ï...").',
        ),
        (
            '{"messages": [}',
            f"{NOT_PARSED} Expecting value: line 1 column 15 (char 14) (line 3)",
        ),
        (
            json.dumps({"prompt": "a", "completion": "b"}),
            "Invalid file format. Example 3 is missing key 'messages'",
        ),
        (
            json.dumps({"question": "a", "answer": "b"}),
            UNKNOWN_SHAPE,
        ),
        (
            json.dumps({"messages": "hello"}),
            "Invalid file format. Example 3: 'messages' is not a list",
        ),
        (
            conversation(ASK, {"content": "yes"}),
            "Invalid file format. Example 3, message 2 Discriminator 'role' is missing in value",
        ),
        (
            conversation(ASK, ANSWER, rating=5),
            'Invalid file format. Example 3 contains an extra "rating".',
        ),
        (
            conversation({**ASK, "weight": 1}, ANSWER),
            'Invalid file format. Example 3 contains an extra "weight".',
        ),
        (
            conversation(ASK, {**ANSWER, "content": "<|fim_suffix|>"}),
            "Invalid file format. Example 3 message contains an invalid token: <|fim_suffix|>.",
        ),
        (
            conversation(ASK, {"role": "robot", "content": "x"}, ANSWER),
            "Invalid file format. Example 3: Message 2 has the unknown role “robot”.",
        ),
        (
            conversation(ASK),
            "Invalid file format. Example 3: There is no reply to learn from.",
        ),
        (
            conversation(
                {
                    "role": "user",
                    "content": [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}],
                },
                ANSWER,
            ),
            "Invalid file format. Example 3 has an image; this model reads text only.",
        ),
    ],
)
def test_the_first_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    sound = example_lines(12)
    code, told = message_of(tmp_path, [*sound[:2], line, *sound[2:], "[]"])
    assert told == message
    assert code in {"invalid_file_format", "invalid_training_file"}


@pytest.mark.parametrize(
    "line",
    [
        b'{"messages": [{"role": "user", "content": "\xff\xfe"}]}',
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"messages": [null, 7, {}]}',
        b'{"messages": [{"role": {"x": 1}, "content": "x"}]}',
        b"\x00\x01\x02",
        b'{"messages": NaN}',
    ],
)
def test_hostile_lines_are_named_too(tmp_path: Path, line: bytes) -> None:
    code, message = message_of(tmp_path, [line])
    assert code in {"invalid_file_format", "invalid_training_file"}
    assert message is not None
    assert "ine 1" in message or "ample 1" in message or "Unexpected file format" in message


def test_one_endless_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_app.engine.jobs_runner.training_file.MAX_LINE_BYTES", 1000)
    _, message = message_of(tmp_path, ['{"messages": "' + "x" * 2000])
    assert message == "Invalid file format. Line 1 is longer than 32 MB."


def test_the_check_can_be_broken_off(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("\n".join(example_lines(12)))
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(StoppedError):
        count_examples(path, FileUse(), stopped=stopped)
