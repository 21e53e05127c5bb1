"""A Modelfile: how Ollama is to run a GGUF file that lies beside it.

Source: Ollama, docs/modelfile.mdx and docs/template.mdx.
"""

from collections.abc import Sequence

from desktop_app.engine.exports.chat_form import ChatForm

_QUOTES = '"""'


def modelfile(file_name: str, form: ChatForm | None, endings: Sequence[str], licence: str) -> str:
    """Return the text; `endings` are the special tokens with which a turn may end."""
    lines = [f"FROM ./{file_name}"]
    template = _template(form) if form is not None else None
    if template is None:
        lines.append(
            "# This model's chat template has no equal in Ollama's form: Ollama uses the one that"
            " it knows for such models."
        )
    else:
        lines.append(f"TEMPLATE {_QUOTES}{template}{_QUOTES}")
        if form is not None and form.instructions and _QUOTES not in form.instructions:
            lines.append(f"SYSTEM {_QUOTES}{form.instructions}{_QUOTES}")
    lines += [f'PARAMETER stop "{ending}"' for ending in endings if '"' not in ending]
    if licence and _QUOTES not in licence:
        lines.append(f"LICENSE {_QUOTES}{licence}{_QUOTES}")
    return "\n".join(lines) + "\n"


def _template(form: ChatForm) -> str | None:
    """Return the form as a template of Go, None where its texts could be read as a part of it."""
    branches = ""
    for place, (role, (before, behind)) in enumerate(form.frames.items()):
        condition = f'{{{{ {"else if" if place else "if"} eq .Role "{role}" }}}}'
        branches += f"{condition}{before}{{{{ .Content }}}}{behind}"
    texts = [*(text for frame in form.frames.values() for text in frame), form.prompt]
    if any(sign in text for text in texts for sign in ("{{", "}}", _QUOTES)):
        return None
    return f"{{{{ range .Messages }}}}{branches}{{{{ end }}}}{{{{ end }}}}{form.prompt}"
