"""The models that are recommended: facts that were looked up, with their date and source."""

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.origin import Licence
from desktop_app.engine.models.shape import Shape

_PATH = Path(__file__).with_name("catalogue.json")
STORED_BYTES = 2
"""Bytes of a bfloat16."""


class CatalogueModel(Struct, frozen=True, forbid_unknown_fields=True):
    """A model and what is known of it before it is here.

    `stored_numbers` can be more than it has parameters: some store a shared matrix twice.
    """

    id: str
    hub: str
    title: str
    licence: Licence
    languages: tuple[str, ...]
    context_tokens: int
    good_for: str
    stored_numbers: int
    shape: Shape

    @property
    def bytes(self) -> int:
        """About what is fetched: the weights."""
        return self.stored_numbers * STORED_BYTES


class Catalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them. `as_of` is the day on which the facts were looked up."""

    schema_version: int
    as_of: str
    source: str
    notes: str
    models: tuple[CatalogueModel, ...]

    def find(self, name: HubName) -> CatalogueModel | None:
        """Return a model by the name of its repository."""
        return next((m for m in self.models if m.hub.lower() == name.full.lower()), None)


@cache
def catalogue() -> Catalogue:
    """Read the file once; where the program came without it, nothing is recommended."""
    if not _PATH.exists():
        return Catalogue(1, as_of="", source="", notes="", models=())
    return msgspec.json.decode(_PATH.read_bytes(), type=Catalogue)
