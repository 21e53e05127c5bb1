"""Files that the hosted service rejects, row by row, in the words that its users saw.

The numbers are those of the table of file-format rejections that the wording was collected in.
"""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from desktop_app.core.examples.rules import DPO, SUPERVISED
from desktop_app.engine.jobs_runner.training_file import (
    FileUse,
    InvalidFileError,
    count_examples,
    count_shared,
)
from tests.engine.service.engine_child import MODEL, Engine, example_lines
from tests.engine.service.job_lines import preference_lines, tool_line

NEVER = threading.Event()
ASK = {"role": "user", "content": "is it?"}
ANSWER = {"role": "assistant", "content": "yes"}


def fault(
    tmp_path: Path,
    lines: list[str],
    method: str = SUPERVISED,
    **use: Any,  # noqa: ANN401  # FileUse's
) -> tuple[str | None, str]:
    """Return code and message for a file of these lines."""
    path = tmp_path / "file"
    path.write_text("\n".join(lines))
    with pytest.raises(InvalidFileError) as caught:
        count_examples(path, FileUse(method, "file-abc", **use), stopped=NEVER)
    return caught.value.error.code, str(caught.value.error.message)


def count(tmp_path: Path, data: bytes, method: str = SUPERVISED) -> int:
    path = tmp_path / "file"
    path.write_bytes(data)
    return count_examples(path, FileUse(method), stopped=NEVER)


def with_line(line: str, method: str = SUPERVISED, at: int = 3) -> list[str]:
    """Return sound lines with this one among them."""
    sound = preference_lines(12) if method == DPO else example_lines(12)
    return [*sound[: at - 1], line, *sound[at - 1 :]]


def chat(*messages: object, **rest: object) -> str:
    return json.dumps({"messages": messages} | rest)


def pair(**rest: object) -> str:
    return json.dumps(json.loads(preference_lines(1)[0]) | rest)


@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_row_1_too_few_examples(tmp_path: Path, method: str) -> None:
    lines = (preference_lines if method == DPO else example_lines)(7)
    assert fault(tmp_path, lines, method) == (
        "invalid_n_examples",
        "Training file has 7 example(s), but must have at least 10 examples",
    )
    assert fault(tmp_path, [], method, name="Validation", minimum=1) == (
        "invalid_n_examples",
        "Validation file has 0 example(s), but must have at least 1 examples",
    )


@pytest.mark.parametrize(
    ("text", "line", "start"),
    [
        (json.dumps([json.loads(each) for each in example_lines(12)]), 1, "["),
        (json.dumps(json.loads(example_lines(1)[0]), indent=2), 1, "{"),
        ("question,answer\na,b", 1, "q"),
        ('\n"just a text"', 2, '"'),
    ],
)
@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_row_2_lines_that_are_no_dictionaries(
    tmp_path: Path, method: str, text: str, line: int, start: str
) -> None:
    assert fault(tmp_path, [text], method) == (
        "invalid_file_format",
        (
            "Expected file to have JSONL format, where every line is a valid JSON dictionary."
            f' Line {line} is not a dictionary (HINT: line starts with: "{start}...").'
        ),
    )


def test_row_3_a_line_that_is_no_json(tmp_path: Path) -> None:
    line = '{"messages": [{"role": "user", "content": "a"} {"role": "assistant"}]}'
    assert fault(tmp_path, with_line(line, at=11)) == (
        "invalid_file_format",
        (
            "Invalid file format. Example 11 cannot be parsed. Error: line contains invalid json:"
            " Expecting ',' delimiter: line 1 column 48 (char 47) (line 11)"
        ),
    )


@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_row_4_an_unknown_shape(tmp_path: Path, method: str) -> None:
    lines = with_line(json.dumps({"question": "a", "answer": "b"}), method, at=1)
    assert fault(tmp_path, lines, method) == (
        "invalid_training_file",
        (
            "The job failed due to an invalid training file. Unexpected file format, expected"
            " either prompt/completion pairs or chat messages."
        ),
    )


@pytest.mark.parametrize(
    ("method", "line", "key"),
    [
        (SUPERVISED, json.dumps({"prompt": "a", "completion": "b"}), "messages"),
        (SUPERVISED, preference_lines(1)[0], "messages"),
        (DPO, example_lines(1)[0], "input"),
        (DPO, json.dumps({"preferred_output": [ANSWER], "non_preferred_output": []}), "input"),
        (DPO, json.dumps({"input": {"messages": [ASK]}}), "preferred_output"),
        (
            DPO,
            json.dumps(
                {
                    "input": {"messages": [ASK]},
                    "preferred_completion": [ANSWER],
                    "non_preferred_completion": [ANSWER],
                }
            ),
            "preferred_output",
        ),
        (
            DPO,
            json.dumps({"input": {"messages": [ASK]}, "preferred_output": [ANSWER]}),
            "non_preferred_output",
        ),
        (DPO, pair(preferred_output=[]), "preferred_output"),
    ],
)
def test_row_5_a_key_is_missing(tmp_path: Path, method: str, line: str, key: str) -> None:
    code, message = fault(tmp_path, with_line(line, method), method)
    assert code == "invalid_file_format"
    assert message == f"Invalid file format. Example 3 is missing key '{key}'"


def test_row_6_a_message_without_a_role(tmp_path: Path) -> None:
    line = chat(ASK, {"content": "yes"})
    assert fault(tmp_path, with_line(line))[1] == (
        "Invalid file format. Example 3, message 2 Discriminator 'role' is missing in value"
    )
    line = pair(preferred_output=[{"content": "yes"}])
    assert fault(tmp_path, with_line(line, DPO), DPO)[1] == (
        "Invalid file format. Example 3 Discriminator 'role' is missing in value"
    )


@pytest.mark.parametrize("role", ["robot", "developer", "User"])
def test_row_6_a_role_that_there_is_not(tmp_path: Path, role: str) -> None:
    code, message = fault(tmp_path, with_line(chat({**ASK, "role": role}, ANSWER)))
    assert code == "invalid_file_format"
    assert message.startswith("Invalid file format. Example 3: Message 1 has the ")
    assert role in message


@pytest.mark.parametrize(
    ("method", "line", "key"),
    [
        (SUPERVISED, chat(ASK, ANSWER, rating=5), "rating"),
        (SUPERVISED, chat({**ASK, "weight": 1}, ANSWER), "weight"),
        (SUPERVISED, chat(ASK, {**ANSWER, "tools": []}), "tools"),
        (SUPERVISED, chat({**ASK, "id": "m-1"}, ANSWER), "id"),
        (DPO, pair(rating=5), "rating"),
        (DPO, pair(input={"messages": [ASK], "rating": 5}), "rating"),
        (DPO, pair(preferred_output=[{**ANSWER, "score": 1}]), "score"),
    ],
)
def test_row_7_a_key_too_many(tmp_path: Path, method: str, line: str, key: str) -> None:
    assert fault(tmp_path, with_line(line, method), method) == (
        "invalid_file_format",
        f'Invalid file format. Example 3 contains an extra "{key}".',
    )


@pytest.mark.parametrize(
    "token",
    [
        "<|endoftext|>",
        "<|fim_prefix|>",
        "<|fim_middle|>",
        "<|fim_suffix|>",
        "<|endofprompt|>",
        "<|im_start|>",
        "<|im_end|>",
        "<|im_sep|>",
    ],
)
@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_row_8_special_tokens(tmp_path: Path, method: str, token: str) -> None:
    said = {**ANSWER, "content": f"a {token} b"}
    line = pair(non_preferred_output=[said]) if method == DPO else chat(ASK, said)
    assert fault(tmp_path, with_line(line, method), method) == (
        "invalid_file_format",
        f"Invalid file format. Example 3 message contains an invalid token: {token}.",
    )


@pytest.mark.parametrize(
    ("lines", "kind", "right", "method"),
    [
        (example_lines(12), "fine-tune-chat", SUPERVISED, DPO),
        (preference_lines(12), "fine-tune-preference", DPO, SUPERVISED),
    ],
)
def test_row_9_a_file_for_another_method(
    tmp_path: Path, lines: list[str], kind: str, right: str, method: str
) -> None:
    assert fault(tmp_path, lines, method) == (
        "invalid_training_file",
        (
            f"Input file file-abc is in the {kind} format, but the specified fine-tuning job is not"
            f" using '{right}' as the training method (provided method={method})."
        ),
    )


def test_row_10_reinforcement_is_refused_at_once(engine: Engine) -> None:
    method: Any = {"type": "reinforcement", "reinforcement": {"grader": {}}}
    with pytest.raises(Exception, match="'reinforcement' is not offered") as caught:
        engine.job(example_lines(1), method=method)
    assert getattr(caught.value, "param", None) == "method.type"


def test_row_11_one_role_twice_is_taken(tmp_path: Path) -> None:
    """Only another service refuses it."""
    lines = with_line(chat(ASK, ASK, ANSWER, ANSWER))
    assert count(tmp_path, "\n".join(lines).encode()) == 13


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ((ASK, {**ANSWER, "content": ""}), "The reply in message 2 is empty."),
        ((ASK, {**ANSWER, "content": "  "}), "The reply in message 2 is empty."),
        ((ASK, {"role": "assistant"}), "Message 2 has no text."),
        ((ASK,), "There is no reply to learn from."),
        ((ASK, {**ANSWER, "weight": 0}), "There is no reply to learn from."),
        ((), "There are no messages."),
    ],
)
def test_row_12_nothing_to_learn(tmp_path: Path, messages: tuple[object, ...], said: str) -> None:
    assert fault(tmp_path, with_line(chat(*messages))) == (
        "invalid_file_format",
        f"Invalid file format. Example 3: {said}",
    )


def test_row_12_what_follows_the_last_reply_is_taken(tmp_path: Path) -> None:
    lines = with_line(chat(ASK, ANSWER, ASK))
    assert count(tmp_path, "\n".join(lines).encode()) == 13


@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_row_13_line_ends_of_windows_are_taken(tmp_path: Path, method: str) -> None:
    lines = (preference_lines if method == DPO else example_lines)(12)
    assert count(tmp_path, "\r\n".join(lines).encode(), method) == 12


def test_row_13_other_encodings_are_not(tmp_path: Path) -> None:
    latin = chat(ASK, {**ANSWER, "content": "schön"}).replace("\\u00f6", "ö").encode("latin-1")
    path = tmp_path / "file"
    path.write_bytes(b"\n".join([*map(str.encode, example_lines(2)), latin]))
    with pytest.raises(InvalidFileError) as caught:
        count_examples(path, FileUse(), stopped=NEVER)
    assert str(caught.value.error.message).startswith("Invalid file format. Example 3: ")
    assert "UTF-8" in str(caught.value.error.message)


def test_row_14_examples_in_both_files_are_counted(tmp_path: Path) -> None:
    training, validation = tmp_path / "training", tmp_path / "validation"
    training.write_text("\r\n".join(example_lines(12)))
    validation.write_text("\n".join([*example_lines(14)[9:], example_lines(10)[9]]))
    assert count_shared(training, validation, stopped=NEVER) == 3


@pytest.mark.parametrize("method", [SUPERVISED, DPO])
def test_row_16_images_are_not_read(tmp_path: Path, method: str) -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
    asked = {"role": "user", "content": [{"type": "text", "text": "what is it"}, picture]}
    line = pair(input={"messages": [asked]}) if method == DPO else chat(asked, ANSWER)
    assert fault(tmp_path, with_line(line, method), method) == (
        "invalid_file_format",
        "Invalid file format. Example 3 has an image; this model reads text only.",
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"preferred_output": [ANSWER, ANSWER]}, "There are 2 messages where one reply belongs."),
        ({"preferred_output": [ASK]}, "A reply to compare has the role “user”."),
        ({"input": {"messages": [ASK, ANSWER]}}, "The replies answer no question."),
        ({"input": {"messages": []}}, "There are no messages."),
    ],
)
def test_row_17_one_reply_each_to_a_question(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    assert fault(tmp_path, with_line(pair(**change), DPO), DPO) == (
        "invalid_file_format",
        f"Invalid file format. Example 3: {said}",
    )


def test_calls_of_tools_are_taken(tmp_path: Path) -> None:
    lines = "\n".join(tool_line(number) for number in range(10))
    assert count(tmp_path, lines.encode()) == 10


@pytest.mark.parametrize(
    ("lines", "code", "line"),
    [(example_lines(3), "invalid_n_examples", "3 example(s)"), (["{}"] * 12, None, "Unexpected")],
)
def test_the_upload_is_taken_and_the_job_fails(
    engine: Engine, lines: list[str], code: str | None, line: str
) -> None:
    file = engine.upload(lines)
    assert engine.client.files.retrieve(file).status == "processed"
    job = engine.client.fine_tuning.jobs.create(model=MODEL, training_file=file)
    failed = engine.when(job.id, {"failed"})
    assert failed.error is not None
    assert failed.error.code == (code or "invalid_training_file")
    assert failed.error.param == "training_file"
    assert line in failed.error.message
    assert engine.events(job.id)[-1].level == "error"
