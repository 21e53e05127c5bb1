"""Exports as other programs read them, where those are installed: the torch extra brings them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop_app.engine.backends.backend import Floats
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel
from desktop_app.engine.exports.kinds import ExportKind, FloatType
from tests.engine.exports.conftest import Export
from tests.engine.tiny_model import tiny_weights, write_model

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
]


def log_probabilities(model: Any, tokens: Any) -> Floats:  # noqa: ANN401  # of torch
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        logits = model(torch.tensor(tokens[None])).logits[0].double()
    scores = torch.log_softmax(logits, -1)[torch.arange(len(tokens) - 1), tokens[1:]]
    return np.asarray(scores, np.float32)


@pytest.mark.parametrize("pre", ["smollm", "gpt-2", "llama-bpe"])
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
        assert tokenizer.decode(found, skip_special_tokens=False) == text


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
