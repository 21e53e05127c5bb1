"""Model ids as people say them."""

import re

from PySide6.QtCore import QCoreApplication

DATE = re.compile(r"-20\d\d-\d\d-\d\d$")
GPT = re.compile(r"gpt-(\d[^-]*)(?:-(.+))?$")
STEP = re.compile(r"ckpt-step-(\d+)$")
KNOWN = {"smollm2-135m-instruct": "SmolLM2 135M"}


def short_name(model: str) -> str:
    """A readable name: "GPT-4.1 mini" for gpt-4.1-mini-2025-04-14; the id where none is known.

    A tuned model, `ft:{base}:{organisation}:{suffix}:{id}`, goes by its suffix and its base, and
    one of before the end of its training (`:ckpt-step-{n}` behind it) by its step as well.
    """
    if model.startswith("ft:"):
        return _tuned_name(model)
    base = DATE.sub("", model)
    if base in KNOWN:
        return KNOWN[base]
    match = GPT.fullmatch(base)
    if match is None:
        return base
    version, rest = match.groups()
    words = [word.capitalize() if word == "turbo" else word for word in (rest or "").split("-")]
    return " ".join([f"GPT-{version}", *filter(None, words)])


def _tuned_name(model: str) -> str:
    parts = model.split(":")
    if len(parts) < 5 or not parts[1]:
        return model
    name = f"{parts[3] or parts[4]} ({short_name(parts[1])})"
    step = STEP.match(parts[5]) if len(parts) > 5 else None
    return _tr("{name}, step {step}").format(name=name, step=step[1]) if step else name


def _tr(text: str) -> str:
    return QCoreApplication.translate("model_names", text)
