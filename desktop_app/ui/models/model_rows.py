"""The lines of the list of models: what is there, what can be fetched, and a name to look up."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from desktop_app.provider.connections.engine_models import BaseModel, FetchState, ModelEntry
from desktop_app.state.models.engine_models import EngineModels
from desktop_app.state.models.model_words import fit, size, state, title_of

HERE, ENTRY, BY_NAME, HEADING = "here", "entry", "by name", "heading"


@dataclass(frozen=True)
class Row:
    """One line; `key` tells it from all others of its `kind`, `below` stands under the title."""

    kind: str
    key: str = ""
    title: str = ""
    below: str = ""
    tone: str = ""

    @property
    def text(self) -> str:
        """What the list shows."""
        return f"{self.title}\n{self.below}" if self.below else self.title


def rows(models: EngineModels) -> list[Row]:
    """All lines, the models that are there first. What is there is not offered a second time."""
    here = {base.id for base in models.bases}
    place = _tr("ON THIS COMPUTER") if models.is_local else _tr("ON THE ENGINE")
    found = [Row(HEADING, "here", place)]
    found += [_of_base(base) for base in models.bases]
    found.append(Row(HEADING, "fetch", _tr("RECOMMENDED, TO FETCH")))
    found += [
        _of_entry(entry)
        for entry in models.entries()
        if entry.state != FetchState.READY or entry.id not in here
    ]
    found.append(Row(BY_NAME, "", _tr("Another model, by name…")))
    return found


def _of_base(base: BaseModel) -> Row:
    word, tone = fit(base)
    parts = [size(base.bytes) if base.bytes else "", word]
    return Row(HERE, base.id, title_of(base), " · ".join(filter(None, parts)), tone)


def _of_entry(entry: ModelEntry) -> Row:
    word, tone = state(entry)
    if not word:
        word, tone = fit(entry)
    parts = [size(entry.bytes) if entry.bytes else "", word]
    return Row(ENTRY, entry.hub, title_of(entry), " · ".join(filter(None, parts)), tone)


def _tr(text: str) -> str:
    return QCoreApplication.translate("model_rows", text)
