"""The small files of a model that lies in a folder, as they go into a merged folder: copied.

Nothing that could be run goes with them: neither Python files nor what config.json says of those.
"""

import json
from pathlib import Path

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.hf_folder import CONFIG, SafetensorsFolder
from desktop_app.engine.backends.model_files.hf_tokenizer import (
    GENERATION_CONFIG,
    TEMPLATE,
    TOKENIZER,
    TOKENIZER_CONFIG,
)
from desktop_app.engine.backends.model_files.json_file import (
    MOST_BYTES,
    read_json_if_there,
    read_whole,
)
from desktop_app.engine.backends.text.chat_template import CHATML
from desktop_app.engine.exports.kinds import FloatType
from desktop_app.engine.exports.output import Output

_COPIED = (
    GENERATION_CONFIG,
    TOKENIZER,
    TEMPLATE,
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
)
SMALL_FILES = (CONFIG, TOKENIZER_CONFIG, *_COPIED)


def copy_small_files(
    output: Output, model: SafetensorsFolder, folder: Path, floats: FloatType
) -> None:
    """Write them. Raises ExportCancelledError, OSError, and ModelFileError for the base."""
    if model.config.get("quantization_config") is not None:
        raise ModelFileError("A model whose weights are quantized in its folder cannot be merged.")
    left_out = {"auto_map", "dtype", "torch_dtype"}
    config = {key: value for key, value in model.config.items() if key not in left_out}
    output.text(CONFIG, json.dumps(config | {"torch_dtype": str(floats)}, indent=2))
    named = {
        key: value
        for key, value in read_json_if_there(folder / TOKENIZER_CONFIG).items()
        if key != "auto_map"
    }
    if "tokenizer.chat_template" not in model.settings:
        named["chat_template"] = CHATML  # with which it was used here
    output.text(TOKENIZER_CONFIG, json.dumps(named, ensure_ascii=False, indent=2))
    for name in _COPIED:
        if (folder / name).is_file():
            output.check()
            with output.file(name) as file:
                file.write(read_whole(folder / name, MOST_BYTES))
