"""What is told of models that were on their way, whatever is open in the window."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication

from desktop_app.provider.connections.engine_models import FetchState, ModelEntry
from desktop_app.state.models.model_words import title_of
from desktop_app.state.notices import Notice, Notices, Remedy


class ModelNews:
    """`fetch` goes on with a model; it is the remedy where one has failed."""

    def __init__(self, notices: Notices, fetch: Callable[[str], None]) -> None:
        self._notices = notices
        self._fetch = fetch

    def tell(self, entry: ModelEntry) -> None:
        """Say that a model is there, or that it did not arrive."""
        title, topic = title_of(entry), f"model:{entry.hub}"
        if entry.state == FetchState.READY:
            text = _tr("{model} has been fetched and checked. A new job can start from it.")
            self._notices.post(Notice(text.format(model=title), "good", topic=topic))
        elif entry.state in (FetchState.FAILED, FetchState.DAMAGED):
            text = _tr("{model} could not be fetched. What has arrived is kept.")
            if entry.state == FetchState.DAMAGED:
                text = _tr("{model} arrived damaged and is not used. Fetch it again.")
            again = Remedy(_tr("Try again"), partial(self._fetch, entry.hub))
            self._notices.post(
                Notice(text.format(model=title), "warning", entry.error or "", again, topic)
            )


def _tr(text: str) -> str:
    return QCoreApplication.translate("model_news", text)
