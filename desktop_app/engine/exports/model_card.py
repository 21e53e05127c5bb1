"""README.md beside an exported model: what it is, what it was made from, how to run it."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desktop_app.engine.exports.kinds import ExportKind

_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class CardFacts:
    """What is known of a model. Empty texts and missing numbers are left out, never guessed.

    `hub` is the name under which the base model is published. `settings` and `losses` are pairs
    of a label and a value. `finished_at` is in Unix seconds.
    """

    title: str
    model: str
    kind: ExportKind
    file_name: str
    base: str
    base_file: str
    hub: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    data: str = ""
    examples: int = 0
    settings: tuple[tuple[str, str], ...] = ()
    losses: tuple[tuple[str, str], ...] = ()
    finished_at: int | None = None
    further: tuple[str, ...] = field(default_factory=tuple)


def model_card(facts: CardFacts) -> str:
    """Return the text."""
    parts = [_front_matter(facts), f"# {plain(facts.title)}", _origin(facts)]
    parts += [plain(line) for line in facts.further]
    for heading, rows in (("Training", _training(facts)), ("Measured", facts.losses)):
        if rows:
            parts.append(f"## {heading}\n\n{_table(rows)}")
    parts.append(f"## How to run it\n\n{_USES[facts.kind](facts)}")
    parts.append(f"## Licence\n\n{_licence(facts)}")
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """Return a user's words on one line, with nothing in them that Markdown would read."""
    line = " ".join(text.split())[:_MOST_CHARACTERS]
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", line)


def _front_matter(facts: CardFacts) -> str:
    fields: dict[str, object] = {}
    if facts.licence:
        fields["license"] = facts.licence
    if facts.hub:
        fields["base_model"] = facts.hub
    if facts.languages:
        fields["language"] = list(facts.languages)
    if facts.kind is ExportKind.ADAPTER:
        fields["library_name"] = "peft"
    elif facts.kind is ExportKind.MERGED:
        fields["library_name"] = "transformers"
    fields["pipeline_tag"] = "text-generation"
    lines = [f"{name}: {json.dumps(value)}" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---"])


def _origin(facts: CardFacts) -> str:
    forms = {
        ExportKind.ADAPTER: "A LoRA adapter for",
        ExportKind.MERGED: "A fine-tuned model, whole, made from",
        ExportKind.GGUF_F16: "A fine-tuned model as GGUF (F16), made from",
        ExportKind.GGUF_Q8_0: "A fine-tuned model as GGUF (Q8_0), made from",
    }
    base = f"`{facts.hub}`" if facts.hub else f"`{facts.base}`"
    return (
        f"{forms[facts.kind]} {base}. It was tuned on the weights of `{facts.base_file}`, and"
        f" its name where it was tuned is `{facts.model}`."
    )


def _training(facts: CardFacts) -> list[tuple[str, str]]:
    rows = []
    if facts.data:
        rows.append(("Data", plain(facts.data)))
    if facts.examples:
        rows.append(("Examples", str(facts.examples)))
    rows += facts.settings
    if facts.finished_at is not None:
        day = datetime.fromtimestamp(facts.finished_at, UTC).date()
        rows.append(("Finished", day.isoformat()))
    return rows


def _table(rows: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> str:
    lines = [f"| {label} | {value} |" for label, value in rows]
    return "\n".join(["| | |", "|---|---|", *lines])


def _licence(facts: CardFacts) -> str:
    if not facts.licence:
        return "The base model's file does not state its licence; that of the base model applies."
    return (
        f"The base model is under `{facts.licence}`, as its file states. This is a modified"
        " version of it, and that licence goes on applying."
    )


def _adapter_use(facts: CardFacts) -> str:
    base = facts.hub or "the folder or name of the base model"
    return (
        "With transformers and PEFT, in this folder:\n\n"
        "```python\n"
        "from peft import PeftModel\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        f"base = {json.dumps(base)}\n"
        "tokenizer = AutoTokenizer.from_pretrained(base)\n"
        'model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), ".")\n'
        f"{_CHAT}"
        "```\n\n"
        f"It was tuned on `{facts.base_file}`. On weights of the same model in another precision"
        " its answers can differ a little."
    )


def _merged_use(_facts: CardFacts) -> str:
    return (
        "With transformers, in this folder:\n\n"
        "```python\n"
        "from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        'tokenizer = AutoTokenizer.from_pretrained(".")\n'
        'model = AutoModelForCausalLM.from_pretrained(".")\n'
        f"{_CHAT}"
        "```"
    )


def _gguf_use(facts: CardFacts) -> str:
    name = re.sub(r"[^a-z0-9._-]+", "-", facts.file_name.removesuffix(".gguf").lower())
    return (
        "With llama.cpp, in this folder:\n\n"
        f"```\nllama-cli -m {facts.file_name} -cnv\n```\n\n"
        "With Ollama:\n\n"
        f"```\nollama create {name} -f Modelfile\nollama run {name}\n```\n\n"
        "Other programs that are built on llama.cpp open the `.gguf` file itself."
    )


_CHAT = (
    'messages = [{"role": "user", "content": "Hello"}]\n'
    "inputs = tokenizer.apply_chat_template(\n"
    '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"\n'
    ")\n"
    "reply = model.generate(**inputs, max_new_tokens=200)\n"
    'print(tokenizer.decode(reply[0][inputs["input_ids"].shape[1]:], skip_special_tokens=True))\n'
)
_USES = {
    ExportKind.ADAPTER: _adapter_use,
    ExportKind.MERGED: _merged_use,
    ExportKind.GGUF_F16: _gguf_use,
    ExportKind.GGUF_Q8_0: _gguf_use,
}
