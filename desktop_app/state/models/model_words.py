"""What is to be known of a model, in words."""

from PySide6.QtCore import QCoreApplication, QLocale

from desktop_app.provider.connections.engine_models import (
    BaseModel,
    FetchState,
    Licence,
    ModelEntry,
)
from desktop_app.state.connections.model_names import short_name
from desktop_app.state.cost.texts import duration
from desktop_app.state.models.fetch_pace import FetchPace

MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000
BILLION = 1_000_000_000
TYPICAL_CONVERSATIONS, TYPICAL_TOKENS, TYPICAL_PASSES = 100, 150, 3
"""By what a speed is made plain: a usual set of short support conversations."""

MANY = 6
"""Languages up to so many are named; more are counted."""

LICENCES = {"apache-2.0": "Apache License 2.0", "mit": "MIT License"}
"""What licences are called that an engine states by their SPDX identifier alone."""

Fact = tuple[str, str]
Tone = tuple[str, str]


def size(count: int) -> str:
    """Word a number of bytes: 9.8 MB, 271 MB, 3.4 GB."""
    if count >= GIGABYTE:
        return f"{count / GIGABYTE:.1f} GB"
    megabytes = count / MEGABYTE
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


def title_of(model: BaseModel | ModelEntry) -> str:
    """What a model is called."""
    if isinstance(model, ModelEntry):
        return model.title or model.hub
    return short_name(model.id)


def parameters(count: int | None) -> str:
    """How large a model is by its numbers: 135 million, 1.5 billion."""
    if count is None:
        return ""
    if count >= BILLION:
        return _tr("{n} billion").format(n=f"{count / BILLION:.1f}".removesuffix(".0"))
    return _tr("{n} million").format(n=f"{count / 1_000_000:.0f}")


def languages(codes: tuple[str, ...]) -> str:
    """The languages by name, in English as all texts here; many are counted."""
    names = [_language(code) for code in codes]
    if len(names) <= MANY:
        return ", ".join(names)
    return _tr("{names} and {n} more").format(names=", ".join(names[:4]), n=len(names) - 4)


def speed(tokens_per_second: float | None) -> str:
    """How long a usual set would take; "" where that is not known."""
    if not tokens_per_second:
        return ""
    tokens = TYPICAL_CONVERSATIONS * TYPICAL_TOKENS * TYPICAL_PASSES
    text = _tr("{time} for {n} short conversations and {passes} passes")
    time = duration(tokens / tokens_per_second)
    return text.format(time=time, n=TYPICAL_CONVERSATIONS, passes=TYPICAL_PASSES)


def fit(model: BaseModel | ModelEntry) -> Tone:
    """Whether a model fits the engine's computer, and the tone of it."""
    if model.fits_training:
        return _tr("can be trained"), "good"
    if model.fits_answering:
        return _tr("can only answer"), "warning"
    return _tr("cannot run here"), "bad"


def state(entry: ModelEntry) -> Tone:
    """How far a model is on its way, in a word."""
    words: dict[str, Tone] = {
        FetchState.FETCHING: (_tr("being fetched"), "accent"),
        FetchState.STOPPED: (_tr("stopped"), "warning"),
        FetchState.DAMAGED: (_tr("damaged"), "bad"),
        FetchState.FAILED: (_tr("failed"), "bad"),
        FetchState.READY: (_tr("is here"), "good"),
    }
    return words.get(entry.state, ("", ""))


def progress(entry: ModelEntry, pace: FetchPace) -> str:
    """How much has arrived, how fast, and how long the rest takes."""
    done, total = entry.bytes_done or 0, entry.bytes
    text = _tr("{done} so far").format(done=size(done))
    if total:
        text = _tr("{done} of {total}").format(done=size(done), total=size(total))
    if entry.state != FetchState.FETCHING:
        return text
    fast, left = pace.bytes_per_second, pace.seconds_left(total)
    if fast:
        text += _tr(", {speed} a second").format(speed=size(round(fast)))
    if left is not None:
        text += _tr(", {time} left").format(time=duration(left))
    return text


def entry_facts(entry: ModelEntry) -> list[Fact]:
    """What to know before a model is fetched, empty values left out."""
    found = [
        (_tr("To fetch"), size(entry.bytes) if entry.bytes else ""),
        (_tr("Size"), _sized(entry.parameters)),
        (_tr("Languages"), languages(entry.languages)),
        (_tr("Reads at once"), _context(entry.context_tokens)),
        (_tr("Memory to train"), _memory(entry.memory_training)),
        (_tr("Memory to answer"), _memory(entry.memory_answering)),
        (_tr("Training takes"), speed(entry.tokens_per_second)),
        (_tr("Runs with"), back_end(entry.backend)),
    ]
    return [(name, value) for name, value in found if value]


def base_facts(
    model: BaseModel, entry: ModelEntry | None, tokens_per_second: float | None = None
) -> list[Fact]:
    """What to know of a model that is there; the catalogue may know more than the engine says.

    `tokens_per_second` is what the engine has measured with this very model.
    """
    if tokens_per_second is None and entry is not None:
        tokens_per_second = entry.tokens_per_second
    found = [
        (_tr("On the disk"), size(model.bytes) if model.bytes else ""),
        (_tr("Size"), _sized(model.parameters)),
        (_tr("Languages"), languages(entry.languages) if entry else ""),
        (_tr("Reads at once"), _context(model.context_tokens)),
        (_tr("Memory to train"), _memory(entry.memory_training) if entry else ""),
        (_tr("Training takes"), speed(tokens_per_second)),
        (_tr("Runs with"), back_end(model.backend)),
    ]
    return [(name, value) for name, value in found if value]


def licence_of(model: BaseModel | ModelEntry, entry: ModelEntry | None = None) -> Licence:
    """Under what a model may be used; empty where that is not known."""
    if isinstance(model.licence, Licence) and (model.licence.name or model.licence.id):
        return model.licence
    if isinstance(model.licence, str) and model.licence:
        return Licence(model.licence, model.licence)
    return entry.licence if entry else Licence()


def licence_name(licence: Licence) -> str:
    """What a licence is called."""
    if licence.name and licence.name != licence.id:
        return licence.name
    return LICENCES.get(licence.id.lower(), licence.id) or _tr("not stated")


def back_end(name: str) -> str:
    """What reckons: the name that those who know look for."""
    known = {"numpy": "NumPy", "torch": "PyTorch", "llama": "llama.cpp"}
    return known.get(name.lower().replace(".", "_").split("_")[0], name)


def note(model: BaseModel, entry: ModelEntry | None) -> Tone:
    """One line below the choice of a model: what it needs, or why it does not fit."""
    if not model.fits_training:
        return model.why or fit(model)[0], "warning"
    licence = licence_of(model, entry)
    parts = [
        _sized(model.parameters),
        size(model.bytes) if model.bytes else "",
        _tr("licence: {name}").format(name=licence_name(licence)) if licence.name else "",
    ]
    return ", ".join(filter(None, parts)), ""


def _language(code: str) -> str:
    known = QLocale.codeToLanguage(code)
    if known == QLocale.Language.AnyLanguage:
        return code
    return QLocale.languageToString(known)


def _sized(count: int | None) -> str:
    return _tr("{n} parameters").format(n=parameters(count)) if count else ""


def _context(tokens: int | None) -> str:
    if not tokens:
        return ""
    words = round(tokens * 0.75 / 100) * 100
    text = _tr("{n} tokens, about {words} English words")
    return text.format(n=f"{tokens:,}", words=f"{words:,}")


def _memory(count: int | None) -> str:
    return _tr("about {size}").format(size=size(count)) if count else ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("model_words", text)
