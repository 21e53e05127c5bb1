"""What a folder says of its model's text, and which folders are refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer as FastTokenizer

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.torch_models.backend import TorchBackend
from desktop_app.engine.backends.torch_models.folders import read_folder_text
from desktop_app.engine.backends.torch_models.hf_tokenizer import HfTokenizer
from tests.engine.backends.torch_models.tiny_folders import (
    byte_level,
    sentence_pieces,
    write_folder,
)

NAMED = {"bos": "<|im_start|>", "eos": "<|im_end|>"}
TEXTS = [
    *("", " ", "the system", "  two  spaces ", "line\nbreaks\n\n", "12 345", "naïve 東京 😀"),
    *("<|im_start|>user\nthe day<|im_end|>\n", "a\tb", "ends with space "),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("models") / "tiny-1.5", "qwen2")


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture(scope="module", params=[byte_level, sentence_pieces])
def fast(request: pytest.FixtureRequest) -> FastTokenizer:
    made: FastTokenizer = request.param()
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_comes_back(fast: FastTokenizer, text: str) -> None:
    tokenizer = HfTokenizer(fast.to_str(), NAMED)
    tokens = tokenizer.encode(text).tolist()
    assert tokens == fast.encode(text, add_special_tokens=False).ids
    assert tokenizer.decode(tokens) == fast.decode(tokens, skip_special_tokens=False)
    if "<|im_end|>" not in text:  # behind which SentencePiece's way begins with a space again
        assert tokenizer.decode(tokens) == text


@pytest.mark.parametrize("text", TEXTS)
def test_the_starts_are_bytes_of_the_text(fast: FastTokenizer, text: str) -> None:
    encoded = HfTokenizer(fast.to_str(), NAMED).encode_with_starts(text)
    starts = encoded.starts.tolist()
    assert starts == sorted(starts)
    content = text.encode()
    assert all(0 <= start < len(content) for start in starts)
    for start in starts:
        content[start:].decode()  # never within a character


def test_tokens_are_bytes(fast: FastTokenizer) -> None:
    tokenizer = HfTokenizer(fast.to_str(), NAMED)
    content = b"".join(tokenizer.content(token) for token in tokenizer.encode("naïve 東京 the"))
    assert content.strip() == "naïve 東京 the".encode()
    assert tokenizer.content(10**6) == b""
    assert tokenizer.size == fast.get_vocab_size()


def test_special_tokens_end_a_reply_and_say_nothing(fast: FastTokenizer) -> None:
    tokenizer = HfTokenizer(fast.to_str(), NAMED, [fast.token_to_id("<|im_start|>"), 10**6])
    names = ("<|endoftext|>", "<|im_end|>", "<|im_start|>")
    assert tokenizer.endings == {fast.token_to_id(name) for name in names}
    assert tokenizer.endings <= tokenizer.special
    assert fast.token_to_id("<tool_call>") not in tokenizer.special
    assert (tokenizer.bos, tokenizer.eos) == ("<|im_start|>", "<|im_end|>")


def test_a_model_is_named_after_its_whole_folder(folder: Path) -> None:
    model = TorchBackend("cpu", "float32").load(folder)
    assert (model.name, model.context_tokens) == ("tiny-1.5", 256)


def change(path: Path, **changes: object) -> None:
    described: dict[str, Any] = json.loads(path.read_bytes())
    path.write_text(json.dumps({k: v for k, v in (described | changes).items() if v is not None}))


def test_the_template_is_found_wherever_it_is_kept(copy: Path) -> None:
    settings = copy / "tokenizer_config.json"
    change(settings, chat_template=[{"name": "default", "template": "{{ 'one' }}"}])
    assert read_folder_text(copy).template == "{{ 'one' }}"
    change(settings, chat_template=None)
    assert "im_start" in read_folder_text(copy).template
    (copy / "chat_template.json").write_text(json.dumps({"chat_template": "{{ 'two' }}"}))
    assert read_folder_text(copy).template == "{{ 'two' }}"
    (copy / "chat_template.jinja").write_text("{{ 'three' }}")
    assert read_folder_text(copy).template == "{{ 'three' }}"


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("tokenizer.json", None, "has no tokenizer.json"),
        ("tokenizer.json", b"{}", "tokenizer cannot be read"),
        ("tokenizer.json", b"\xff", "cannot be read"),
        ("tokenizer_config.json", b"[]", "damaged"),
        ("generation_config.json", b"{", "damaged"),
        ("config.json", b"{}", "cannot be read|damaged|does not say"),
        ("model.safetensors", None, "has no"),
        ("model.safetensors", b"\x00" * 40, "damaged|cannot be read"),
    ],
)
def test_folders_that_cannot_be_used_are_refused(
    copy: Path, name: str, content: bytes | None, refusal: str
) -> None:
    (copy / name).unlink(missing_ok=True)
    if content is not None:
        (copy / name).write_bytes(content)
    with pytest.raises(ModelFileError, match=refusal):
        TorchBackend("cpu", "float32").load(copy)


def test_a_tensor_that_is_missing_is_not_made_up(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelFileError, match=r"lacks the tensor .*\.1\.mlp\.up_proj"):
        TorchBackend("cpu", "float32").load(copy)


def test_a_pickle_is_not_read_and_that_is_said(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(ModelFileError, match="can hold programs"):
        TorchBackend("cpu", "float32").load(copy)


def test_the_code_of_a_model_is_not_run(copy: Path) -> None:
    change(
        copy / "config.json",
        model_type="odd",
        auto_map={"AutoConfig": "odd.Config", "AutoModelForCausalLM": "odd.Model"},
    )
    (copy / "odd.py").write_text("raise SystemExit('it was run')")
    with pytest.raises(ModelFileError, match="cannot be read"):
        TorchBackend("cpu", "float32").load(copy)
