"""Writes one export into a folder in the making."""

import json
from pathlib import Path

from desktop_app.engine.backends.backend import ModelFileError
from desktop_app.engine.backends.model_files.model_file import (
    ModelFile,
    UnsupportedModelError,
    open_model,
)
from desktop_app.engine.backends.model_files.rotary_scaling import ROTARY_FACTORS
from desktop_app.engine.backends.text.byte_pair import BytePairTokenizer
from desktop_app.engine.backends.text.chat_template import CHATML, ChatTemplate
from desktop_app.engine.exports.chat_form import Messages, chat_form
from desktop_app.engine.exports.folder_files import SMALL_FILES, copy_small_files
from desktop_app.engine.exports.gguf_export import write_gguf
from desktop_app.engine.exports.gguf_types import types_of
from desktop_app.engine.exports.kinds import ExportKind, FloatType, total_bytes
from desktop_app.engine.exports.merging import MergedFolder, MergedModel, merged_as_it_lies
from desktop_app.engine.exports.model_card import CardFacts, model_card
from desktop_app.engine.exports.model_config import generation_config, model_config
from desktop_app.engine.exports.modelfile import modelfile
from desktop_app.engine.exports.output import Output
from desktop_app.engine.exports.records import ExportRecord
from desktop_app.engine.exports.safetensors_export import write_safetensors
from desktop_app.engine.exports.source import Source, card_facts
from desktop_app.engine.exports.tokenizer_files import tokenizer_config, tokenizer_json

ADAPTER_CONFIG, ADAPTER_TENSORS = "adapter_config.json", "adapter_model.safetensors"
CARD = "README.md"


def written_bytes(source: Source, kind: ExportKind, floats: FloatType) -> int:
    """Return how long the weights of an export are. Raises ModelFileError."""
    if kind is ExportKind.ADAPTER:
        if source.adapter is None:
            raise ModelFileError("A base model has no adapter.")
        try:
            return (source.adapter / ADAPTER_TENSORS).stat().st_size
        except OSError as error:
            raise ModelFileError("The adapter of this model is missing.") from error
    with open_model(source.base_path) as file:
        return total_bytes(_merged(file, None, kind).parts, kind, floats)


def write_export(output: Output, source: Source, record: ExportRecord) -> None:
    """Write the files. Raises ExportCancelledError, ModelFileError and OSError."""
    with open_model(source.base_path) as file:
        merged = _merged(file, source.adapter, record.kind)
        facts = card_facts(
            source, merged, record.kind, record.name, title=record.title, data=record.data
        )
        if record.kind is ExportKind.ADAPTER:
            _write_adapter(output, source)
        elif record.kind is ExportKind.MERGED:
            _write_folder(output, merged, record.floats, source.base_path)
        else:
            assert isinstance(merged, MergedModel)
            types = types_of(file, source.base_path)
            write_gguf(output, facts.file_name, merged, record.kind, types, facts.title)
            output.text("Modelfile", _modelfile(merged, facts))
        output.text(CARD, model_card(facts))


def _merged(file: ModelFile, adapter: Path | None, kind: ExportKind) -> MergedModel | MergedFolder:
    if not kind.is_gguf:
        return merged_as_it_lies(file, adapter)
    try:
        merged = MergedModel(file, adapter)
    except UnsupportedModelError as error:
        raise ModelFileError(
            "This program makes GGUF files of Llama, Mistral, Qwen2, Qwen3 and SmolLM3 models only."
            " Take the merged folder; llama.cpp's own converter makes a GGUF file of it."
        ) from error
    if ROTARY_FACTORS in file.tensors and merged.shape.kind != "llama":
        raise ModelFileError(
            "llama.cpp does not read models of this kind with rotary positions scaled as here."
            " Take the merged folder."
        )
    return merged


def _write_adapter(output: Output, source: Source) -> None:
    assert source.adapter is not None
    try:
        config = json.loads((source.adapter / ADAPTER_CONFIG).read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFileError("The adapter of this model is missing or damaged.") from error
    # The name under which PEFT looks for the base model, where it has one beyond this computer.
    config["base_model_name_or_path"] = source.hub or source.base
    output.copy(source.adapter / ADAPTER_TENSORS, ADAPTER_TENSORS)
    output.text(ADAPTER_CONFIG, json.dumps(config, indent=2))


def _write_folder(
    output: Output, merged: MergedModel | MergedFolder, floats: FloatType, base: Path
) -> None:
    if isinstance(merged, MergedFolder):
        copy_small_files(output, merged.folder, base, floats)
    else:
        settings = merged.file.settings
        output.text("config.json", model_config(merged, floats))
        output.text("generation_config.json", generation_config(merged))
        output.text("tokenizer.json", tokenizer_json(settings))
        output.text("tokenizer_config.json", tokenizer_config(settings))
    write_safetensors(output, "model.safetensors", merged, floats)


def _modelfile(merged: MergedModel, facts: CardFacts) -> str:
    settings = merged.file.settings
    tokenizer = BytePairTokenizer(settings)
    endings = sorted(tokenizer.decode([token]) for token in tokenizer.endings)
    source = settings.get("tokenizer.chat_template", CHATML)
    template = ChatTemplate(
        source if isinstance(source, str) else CHATML,
        bos=tokenizer.bos,
        eos=tokenizer.eos,
        endings=endings,
    )

    # Ollama puts the token that begins a text in front of it by itself.
    adds_bos = settings.get("tokenizer.ggml.add_bos_token") is True
    bos = tokenizer.bos if adds_bos else ""

    def render(messages: Messages, speak: bool) -> str:
        return template.render(messages, add_generation_prompt=speak).removeprefix(bos)

    return modelfile(facts.file_name, chat_form(render), endings, facts.licence)


def holds_only_an_export(folder: Path) -> bool:
    """Whether all that a folder holds is what an export writes, so that one may replace it."""
    known = {ADAPTER_CONFIG, ADAPTER_TENSORS, CARD, "Modelfile", "config.json"}
    known |= {"model.safetensors", *SMALL_FILES}
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}
    strange = names - known - {f"{folder.name}.gguf"}
    return not strange and len(names) == len(list(folder.iterdir())) and CARD in names
