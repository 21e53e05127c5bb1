"""Filters under names, kept with the project."""

import dataclasses
from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.state.open_project import OpenProject
from desktop_app.storage.project.rows import Filter

KIND = "filter"


class SavedFilters(QObject):
    """Names in alphabetical order. What a file holds that is no filter is left out."""

    changed = Signal()

    def __init__(self, open_project: OpenProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_project = open_project
        self._filters: dict[str, Filter] = {}
        open_project.opened.connect(self._read)
        open_project.closed.connect(self._read)

    @property
    def names(self) -> Sequence[str]:
        return sorted(self._filters, key=str.casefold)

    def get(self, name: str) -> Filter:
        """Raises KeyError."""
        return self._filters[name]

    def save(self, name: str, where: Filter) -> None:
        """Keep a filter, in place of the one of that name. What a service refuses is not kept."""
        kept = dataclasses.replace(where, refused_traits=0)
        body = msgspec.json.encode(kept).decode()
        self._open_project.project.save_document(KIND, name, name, body)
        self._read()

    def delete(self, name: str) -> None:
        self._open_project.project.delete_document(KIND, name)
        self._read()

    @Slot()
    def _read(self) -> None:
        self._filters = {}
        if self._open_project.is_open:
            for document in self._open_project.project.documents(KIND):
                try:
                    where = msgspec.json.decode(document.body, type=Filter)
                except msgspec.DecodeError:
                    continue
                self._filters[document.title] = where
        self.changed.emit()
