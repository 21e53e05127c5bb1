"""A filter and an order of the list, in SQL: fixed pieces, of which those asked for are joined."""

from collections.abc import Mapping
from dataclasses import dataclass

from desktop_app.storage.project.rows import Filter, Sort

NOT_ACCEPTED = "NOT EXISTS (SELECT 1 FROM accepted y WHERE y.id = a.id AND y.code = a.code)"
"""Of a row `a` of `advice`."""

_OF_SOURCE = "source = (SELECT id FROM source WHERE name = :source)"
_TAGGED = (
    "id IN (SELECT conversation_id FROM conversation_tag"
    " WHERE tag_id = (SELECT id FROM tag WHERE name = :tag))"
)
_IN_LANGUAGE = "id IN (SELECT id FROM review WHERE language = :language)"
_ADVISED = f"id IN (SELECT id FROM advice a WHERE code = :code AND {NOT_ACCEPTED})"  # noqa: S608  # text of ours

ORDERS: Mapping[Sort, str] = {
    Sort.LIST: "position, id",
    Sort.TITLE: "title COLLATE NOCASE, position, id",
    Sort.LONGEST: "n_characters DESC, position, id",
    Sort.SHORTEST: "n_characters, position, id",
    Sort.BEST: "rating DESC, position, id",
    Sort.EDITED: "edited_at DESC, position, id",
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What follows WHERE, on rows of `conversation`, and its parameters."""

    sql: str
    parameters: dict[str, object]


def conditions(where: Filter) -> Conditions:
    """Return the conditions of a filter but for its text."""
    # A partial index serves only where its own condition stands in the query.
    sql = ["state > 0 AND state = 1" if where.in_bin else "state = 0"]
    if where.problems_only:
        sql.append("(n_blocking > 0 OR traits & :refused_traits)")
    if where.advice_only:
        sql.append("n_advice > 0")
    parameters: dict[str, object] = {"refused_traits": where.refused_traits}
    for name, (value, is_asked, condition) in _asked(where).items():
        if is_asked:
            sql.append(condition)
            parameters[name] = value
    return Conditions(" AND ".join(sql), parameters)


def _asked(where: Filter) -> dict[str, tuple[object, bool, str]]:
    """Return what is asked for by name: its value, whether it is asked at all, its condition."""
    return {
        "split": (where.split, where.split is not None, "split = :split"),
        "least_rating": (where.least_rating, where.least_rating > 0, "rating >= :least_rating"),
        "shortest": (where.shortest, where.shortest > 0, "n_characters >= :shortest"),
        "longest": (where.longest, where.longest is not None, "n_characters <= :longest"),
        "source": (where.source, bool(where.source), _OF_SOURCE),
        "tag": (where.tag, bool(where.tag), _TAGGED),
        "language": (where.language, bool(where.language), _IN_LANGUAGE),
        "code": (where.code, bool(where.code), _ADVISED),
    }
