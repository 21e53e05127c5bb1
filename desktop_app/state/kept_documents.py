"""What a tab keeps with the project beside the conversations, read by a worker."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from desktop_app.storage.project.project import Project

Content = TypeVar("Content")


def reading_documents(
    path: Path, kind: str, decode: Callable[[str], Content]
) -> Callable[[object, object], tuple[list[Content], int]]:
    """Make the work that returns all of a kind, and how many others `decode` finds damaged.

    It does so by raising msgspec.DecodeError.
    """

    def read(_report: object, _should_stop: object) -> tuple[list[Content], int]:
        with closing(Project.open(path, shared=True)) as project:
            kept = project.documents(kind)
        found: list[Content] = []
        for each in kept:
            try:
                found.append(decode(each.body))
            except msgspec.DecodeError:
                continue
        return found, len(kept) - len(found)

    return read
