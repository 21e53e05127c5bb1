"""Exports as other programs read them, where those are installed: the torch extra brings them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop_app.engine.backends.backend import Floats
from desktop_app.engine.backends.model_files.word_splitting import SPLITTINGS
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from tests.engine.exports.conftest import Export
from tests.engine.exports.test_kinds import exported, scores, strong_adapter
from tests.engine.tiny_folder import write_tiny_folder
from tests.engine.tiny_model import tiny_weights, write_model

FAR = {
    "rope_parameters": {
        "rope_theta": 10000.0,
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
}
TOKENS = np.arange(3, 120)
MESSAGES = [
    {"role": "user", "content": "the system"},
    {"role": "assistant", "content": "and sing"},
    {"role": "user", "content": "user assist"},
]
TEXTS = [
    "the system and the user assist",
    "  spaces   7 8\n\n\tand 12345 a1b2",
    "it's we'll THEY'RE don't",
    "Ünïcödé ß 🎉 日本語 ١٢٣",
    "<|im_start|>user\nhi<|im_end|>\n",
    "end with spaces   ",
    "!!!...??? -- (x) [y]",
    "e\u0301 A\u030a \u1100\u1161 <|im_end|>\u0338 \u212b\n\n/x",
    "camelCase HTTPServer ÉCOLE ǅ ﬁn 1234567890 a/b//c\r\n",
]


def log_probabilities(model: Any, tokens: Any) -> Floats:  # noqa: ANN401  # of torch
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        logits = model(torch.tensor(tokens[None])).logits[0].double()
    scores = torch.log_softmax(logits, -1)[torch.arange(len(tokens) - 1), tokens[1:]]
    return np.asarray(scores, np.float32)


@pytest.mark.parametrize("pre", sorted(SPLITTINGS))
def test_texts_become_the_same_tokens(export: Export, tmp_path: Path, pre: str) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    changes = {"tokenizer.ggml.pre": pre}
    base = write_model(tmp_path / "model.gguf", tiny_weights(0), changes)
    path = export(ExportKind.MERGED, base=base, tuned=False) / "tokenizer.json"
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    ours = NumpyLlamaModel(base)
    for text in TEXTS:
        found = tokenizer.encode(text).ids
        assert found == ours.tokenize(text).tolist(), text
        back = ours.detokenize(np.array(found))
        assert tokenizer.decode(found, skip_special_tokens=False) == back
        assert back == text or SPLITTINGS[pre].composes


def test_a_merged_folder_in_transformers(export: Export, tiny_path: Path, adapter: Path) -> None:
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch")
    folder = export(ExportKind.MERGED, FloatType.FLOAT32)
    ours = NumpyLlamaModel(tiny_path)
    ours.use_adapter(adapter)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    off = np.abs(log_probabilities(model, TOKENS) - ours.score(TOKENS)[1:])
    assert off.max() < 1e-4
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    text = tokenizer.apply_chat_template(MESSAGES, add_generation_prompt=True, tokenize=False)
    assert text == ours.render(MESSAGES, add_generation_prompt=True)


@pytest.mark.parametrize("form", ["file", "folder"])
@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "smollm3"])
def test_every_kind_in_transformers(tmp_path: Path, kind: str, form: str) -> None:
    """The base folder itself, and a merged folder made of it or of the same as a GGUF file."""
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("torch")
    config = FAR if kind in {"llama", "mistral"} else {}
    base = write_tiny_folder(tmp_path / "base", kind=kind, config=config)
    off = np.abs(
        log_probabilities(transformers.AutoModelForCausalLM.from_pretrained(base), TOKENS)
        - scores(base)
    )
    assert off.max() < 1e-4
    if form == "file":
        base = exported(base, None, tmp_path / "gguf", ExportKind.GGUF_F16) / "tiny-x.gguf"
    adapter = strong_adapter(base, tmp_path / "adapter")
    folder = exported(base, adapter, tmp_path / "merged", ExportKind.MERGED)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    off = np.abs(log_probabilities(model, TOKENS) - scores(base, adapter))
    assert off.max() < 1e-4
    # A GGUF file of a Mistral says that it is a Llama.
    expected = "llama" if (kind, form) == ("mistral", "file") else kind
    assert model.config.model_type == expected


# PEFT 0.21 asks transformers 5 for something by its older name.
@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")
def test_an_adapter_in_peft(export: Export, tiny_path: Path, adapter: Path) -> None:
    transformers, peft = pytest.importorskip("transformers"), pytest.importorskip("peft")
    pytest.importorskip("torch")
    base = export(ExportKind.MERGED, FloatType.FLOAT32, tuned=False)
    ours = NumpyLlamaModel(tiny_path)
    ours.use_adapter(adapter)
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    tuned = peft.PeftModel.from_pretrained(model, adapter)
    off = np.abs(log_probabilities(tuned, TOKENS) - ours.score(TOKENS)[1:])
    assert off.max() < 1e-4


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen2", "qwen3", "smollm3"])
def test_a_gguf_file_of_every_kind_in_llama_cpp(tmp_path: Path, kind: str) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    config = FAR if kind in {"llama", "mistral"} else {}
    base = write_tiny_folder(tmp_path / "base", kind=kind, config=config)
    adapter = strong_adapter(base, tmp_path / "adapter")
    out = exported(base, adapter, tmp_path / "gguf", ExportKind.GGUF_F16) / "tiny-x.gguf"
    model = llama_cpp.Llama(str(out), n_ctx=256, logits_all=True, verbose=False, n_threads=1)
    model.eval(TOKENS.tolist())
    logits = model.scores[: len(TOKENS)].astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    found = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    found = found[np.arange(len(TOKENS) - 1), TOKENS[1:]]
    # The file's numbers have 11 bits, and llama.cpp's keys and values too.
    assert np.abs(found - scores(base, adapter)).max() < 0.02
    text = "<|im_start|>user\nthe sing 12 é and  x<|im_end|>"
    tokens = model.tokenize(text.encode(), add_bos=False, special=True)
    assert tokens == NumpyLlamaModel(base).tokenize(text).tolist()
    model.close()
