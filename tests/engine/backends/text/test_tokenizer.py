from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.tokenizer import TextStream
from tests.engine.tiny_model import tiny_weights, vocabulary, write_model, write_tiny_model


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> BytePairTokenizer:
    with GgufFile(write_tiny_model(tmp_path_factory.mktemp("tokenizer") / "tiny.gguf")) as file:
        return BytePairTokenizer(file.settings)


def words(tokenizer: BytePairTokenizer, text: str) -> list[str]:
    return [tokenizer.decode([token]) for token in tokenizer.encode(text).tolist()]


def test_pairs_are_merged_in_their_order(tokenizer: BytePairTokenizer) -> None:
    assert words(tokenizer, "the other users") == ["the", " o", "th", "er", " ", "us", "ers"]


def test_special_tokens_are_read_as_such(tokenizer: BytePairTokenizer) -> None:
    assert tokenizer.encode("<|im_start|>user\n<|im_end|>").tolist() == [
        1,
        vocabulary().index("user"),
        vocabulary().index("Ċ"),
        2,
    ]
    assert tokenizer.endings == {0, 2}
    assert (tokenizer.bos, tokenizer.eos) == ("<|im_start|>", "<|im_end|>")


@given(st.text())
def test_any_text_comes_back(tokenizer: BytePairTokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).tolist()) == text


@given(st.text())
def test_tokens_begin_where_it_is_said(tokenizer: BytePairTokenizer, text: str) -> None:
    encoded = tokenizer.encode_with_starts(text)
    content = text.encode()
    for token, start in zip(encoded.tokens.tolist(), encoded.starts.tolist(), strict=True):
        piece = tokenizer.content(token)
        assert content[start : start + len(piece)] == piece


def test_tokens_of_a_lone_surrogate_are_those_of_its_replacement(
    tokenizer: BytePairTokenizer,
) -> None:
    assert tokenizer.decode(tokenizer.encode("a\ud800b").tolist()) == "a\ufffdb"


@pytest.mark.parametrize("text", [" " * 1_000_001 + "a", "\n " * 500_000, "a" * 1_000_000])
def test_very_long_runs_are_encoded(tokenizer: BytePairTokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).tolist()) == text


def test_bytes_that_the_vocabulary_lacks_are_dropped(tmp_path: Path) -> None:
    tokens = [word if word != "Ą" else "unused" for word in vocabulary()]  # Ą is the byte 4
    kinds = [3] * 3 + [1 if word != "unused" else 5 for word in tokens[3:]]
    changes = {"tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": kinds}
    path = write_model(tmp_path / "lacking.gguf", tiny_weights(0), changes)
    with GgufFile(path) as file:
        lacking = BytePairTokenizer(file.settings)
    encoded = lacking.encode_with_starts("a\x04b")
    assert lacking.decode(encoded.tokens.tolist()) == "ab"
    assert encoded.starts.tolist() == [0, 2]


@pytest.mark.parametrize("name", ["gpt-2", "smollm", "starcoder", "llama-bpe"])
def test_every_way_of_splitting_words_loses_nothing(tmp_path: Path, name: str) -> None:
    changes = {"tokenizer.ggml.pre": name}
    with GgufFile(write_model(tmp_path / "m.gguf", tiny_weights(0), changes)) as file:
        tokenizer = BytePairTokenizer(file.settings)
    text = "It's 1234  words\n\n and  日本語 !?  \r\n 5 "
    assert tokenizer.decode(tokenizer.encode(text).tolist()) == text


@given(st.text())
def test_a_stream_never_splits_a_character(tokenizer: BytePairTokenizer, text: str) -> None:
    stream = TextStream(tokenizer)
    pieces = [stream.add(token) for token in tokenizer.encode(text).tolist()]
    assert stream.finish() == ""
    assert "".join(pieces) == text
    assert "\ufffd" in text or not any("\ufffd" in piece for piece in pieces)


def test_an_unfinished_character_ends_as_a_replacement(tokenizer: BytePairTokenizer) -> None:
    stream = TextStream(tokenizer)
    first, *_ = tokenizer.encode("日").tolist()
    assert stream.add(first) == ""
    assert stream.add(1) == ""
    assert stream.finish() == "\ufffd"
