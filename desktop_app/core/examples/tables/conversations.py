"""From rows to conversations, by a mapping."""

from collections.abc import Iterable, Iterator
from itertools import islice

from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.tables.gathering import Gathering
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.row_faults import rejected, whole_cells
from desktop_app.core.examples.tables.table import Row, Table, TableError
from desktop_app.core.examples.tables.turns import Columns

HELD_LIMIT = 2**28
"""Characters of conversations that wait for further rows: up to 1 GB of memory."""

Runs = dict[int, int]
"""Into how many separate runs of rows an id falls, by the hash of the id, where it is several."""


def read_table(
    table: Table, mapping: Mapping, sheet: str | None = None
) -> Iterator[Imported | Rejected]:
    """Read a whole table. Rows with the same id are one conversation wherever they stand.

    Where there is an id column the table is read twice: first to find the ids whose rows stand
    apart. Memory holds a number for each id and the conversations that are not complete, so a
    million rows take little more than ten if they are sorted. Conversations come as they are
    complete. Raises TableError, also when more than HELD_LIMIT would have to be held.
    """
    runs = _scattered(table.rows(sheet), mapping) if _groups(mapping) else {}
    return _Gatherer(mapping, runs).read(table.rows(sheet))


def conversations(rows: Iterable[Row], mapping: Mapping) -> Iterator[Imported | Rejected]:
    """Read rows that fit into memory, such as those of a preview, as `read_table` does."""
    if not _groups(mapping):
        return _Gatherer(mapping, {}).read(rows)
    rows = list(rows)
    return _Gatherer(mapping, _scattered(rows, mapping)).read(rows)


def _groups(mapping: Mapping) -> bool:
    """Whether rows belong together; each row with two replies is an example of its own."""
    return Role.ID in mapping.roles and Role.PREFERRED not in mapping.roles


def _below_header(rows: Iterable[Row], mapping: Mapping) -> Iterator[Row]:
    return islice(rows, mapping.skipped + mapping.has_header, None)


def _scattered(rows: Iterable[Row], mapping: Mapping) -> Runs:
    index = mapping.roles.index(Role.ID)
    seen: set[int] = set()
    runs: Runs = {}
    last = ""
    for _, cells in _below_header(rows, mapping):
        name = _name(cells, index)
        if name and name != last:
            key = hash(name)
            if key in seen:
                runs[key] = runs.get(key, 1) + 1
            seen.add(key)
        last = name
    return runs


def _name(cells: tuple[str, ...], index: int) -> str:
    return cells[index].strip() if index < len(cells) else ""


class _Gatherer:
    """Holds the conversations that are not complete. Two ids of one hash only wait for longer."""

    def __init__(self, mapping: Mapping, runs: Runs) -> None:
        if not mapping.is_complete:
            raise TableError(
                "no_text_column", "No column is marked as what the user or the assistant says."
            )
        self._mapping = mapping
        self._columns = Columns.of(mapping)
        self._id = mapping.roles.index(Role.ID) if _groups(mapping) else None
        self._runs = runs
        self._held: dict[str, Gathering] = {}
        self._held_size = 0
        self._expected = 0
        self._begun = 0

    def read(self, rows: Iterable[Row]) -> Iterator[Imported | Rejected]:
        last = ""
        for number, cells in _below_header(rows, self._mapping):
            name = self._conversation(number, cells)
            if last and name != last:
                yield from self._run_ended(last)
            last = name
            yield from self._take(number, cells, name)
        for gathering in self._held.values():
            yield gathering.result()

    def _conversation(self, number: int, cells: tuple[str, ...]) -> str:
        """Return what the conversation of a row is called, '' where it is a row of its own."""
        if self._id is not None:
            return _name(cells, self._id)
        if not self._columns.by_role[Role.TEXT]:
            return ""
        is_after_gap = number != self._expected
        self._expected = number + 1
        self._begun += is_after_gap or self._columns.begins(cells)
        return str(self._begun)

    def _take(
        self, number: int, cells: tuple[str, ...], name: str
    ) -> Iterator[Imported | Rejected]:
        whole = whole_cells(number, cells, self._columns)
        if isinstance(whole, Rejected):
            yield whole
            return
        gathering = self._held.get(name) or Gathering(number, self._columns)
        before = gathering.size
        if not gathering.add(whole):
            yield rejected(number, cells, self._fault(whole))
        elif not name:
            yield gathering.result()
        else:
            self._held[name] = gathering
            self._held_size += gathering.size - before
            if self._held_size > HELD_LIMIT:
                raise TableError(
                    "too_scattered",
                    "The rows of many conversations stand far apart, too many to keep in memory. "
                    "Sort the table by the column with their ids, and import it again.",
                )

    def _fault(self, cells: tuple[str, ...]) -> str:
        is_said = self._columns.text(cells, Role.TEXT).strip()
        return "unknown_speaker" if is_said else "no_text"

    def _run_ended(self, name: str) -> Iterator[Imported]:
        key = hash(name)
        left = self._runs.get(key, 1) - 1
        if left:
            self._runs[key] = left
        elif gathering := self._held.pop(name, None):
            self._held_size -= gathering.size
            yield gathering.result()
