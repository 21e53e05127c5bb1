"""A model that can be talked to."""

from enum import StrEnum

from msgspec import Struct


class Origin(StrEnum):
    """Where a model comes from, in the order in which they are offered."""

    PROJECT = "project"
    ELSEWHERE = "elsewhere"
    BASE = "base"


class ModelChoice(Struct, frozen=True, omit_defaults=True):
    """A model of a connection. It is kept in chats and evaluations, so it carries its name.

    `submission` is that of the job of this project that made it, '' for any other model;
    `is_from_elsewhere` of a tuned one that another project made, or that was brought in.
    """

    connection: str
    model: str
    name: str
    submission: str = ""
    is_from_elsewhere: bool = False

    @property
    def is_tuned(self) -> bool:
        return bool(self.submission) or self.is_from_elsewhere

    @property
    def origin(self) -> Origin:
        if self.submission:
            return Origin.PROJECT
        return Origin.ELSEWHERE if self.is_from_elsewhere else Origin.BASE

    def is_same_as(self, other: "ModelChoice | None") -> bool:
        """Whether both are one model, by whatever name."""
        return other is not None and (self.connection, self.model) == (
            other.connection,
            other.model,
        )
