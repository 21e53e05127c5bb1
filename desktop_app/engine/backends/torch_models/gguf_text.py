"""Tokenizers of GGUF files.

Byte pairs are read as NumPy's back end does, SentencePiece's pieces are rebuilt by transformers.
"""

from pathlib import Path

from tokenizers import Tokenizer as FastTokenizer
from tokenizers import decoders, normalizers, pre_tokenizers
from transformers.integrations.gguf import convert_gguf_tokenizer, get_gguf_tokenizer

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import ModelFile
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.backends.text.tokenizer import Tokenizer
from desktop_app.engine.backends.torch_models.hf_tokenizer import HfTokenizer

_WITH_PIECES = {"llama", "gemma"}


def read_gguf_text(path: Path, file: ModelFile) -> tuple[Tokenizer, str]:
    """Return the tokenizer and the chat template. Raises ModelFileError."""
    template = file.settings.get("tokenizer.chat_template", CHATML)
    source = template if isinstance(template, str) else CHATML
    if file.settings.get("tokenizer.ggml.model") not in _WITH_PIECES:
        return BytePairTokenizer(file.settings), source
    return _pieces(path, file), source


def _pieces(path: Path, file: ModelFile) -> HfTokenizer:
    words = file.settings.get("tokenizer.ggml.tokens")
    if not isinstance(words, list) or not words:
        raise ModelFileError("The model file is damaged: it has no vocabulary.")
    try:
        architecture, described, _ = get_gguf_tokenizer(str(path))
        described["scores"] = file.settings.get("tokenizer.ggml.scores")
        described["token_type"] = file.settings.get("tokenizer.ggml.token_type")
        # Gemma's files have been of both names, with the same content.
        described["tokenizer_type"] = "llama"
        fast, _ = convert_gguf_tokenizer(architecture, described)
    except Exception as error:  # tokenizers raises this very class for anything it dislikes
        raise ModelFileError("The model's tokenizer cannot be read.") from error
    if file.settings.get("tokenizer.ggml.add_space_prefix") is False:
        _leave_out_first_space(fast)
    named = {name: _named(file, name, words) for name in ("bos", "eos")}
    end_of_turn = file.settings.get("tokenizer.ggml.eot_token_id")
    return HfTokenizer(fast.to_str(), named, [end_of_turn] if isinstance(end_of_turn, int) else [])


def _leave_out_first_space(fast: FastTokenizer) -> None:
    """Put no space before a text; transformers does not look at what the file says of it."""
    if isinstance(fast.pre_tokenizer, pre_tokenizers.Metaspace):
        fast.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="never", split=False)
    else:
        fast.normalizer = normalizers.Replace(" ", "▁")
    fast.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )


def _named(file: ModelFile, name: str, words: list[str] | list[int] | list[float]) -> str:
    number = file.settings.get(f"tokenizer.ggml.{name}_token_id")
    if number is None:
        return ""
    if not isinstance(number, int) or not 0 <= number < len(words):
        raise ModelFileError(f"The model file is damaged: its {name} token makes no sense.")
    return str(words[number])
