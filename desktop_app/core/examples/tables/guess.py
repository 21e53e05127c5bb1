"""Guess what the columns of a table are: by the words of their headers, then by what they hold."""

from collections import Counter
from collections.abc import Sequence

from desktop_app.core.examples.tables.column import Column
from desktop_app.core.examples.tables.headers import LONGEST, Meaning, meaning
from desktop_app.core.examples.tables.mapping import OWN_COLUMNS, Mapping, Role
from desktop_app.core.examples.tables.table import Row
from desktop_app.core.examples.tables.words import plain

LOOKED_AT = 200
"""Rows that are enough to guess by."""

HIGHEST_TITLE = 10
"""Rows in which a title, a date or a note may stand above the header."""

MUCH_LONGER = 3
"""How many times longer than a header of unknown words the texts below it are."""

SIMILAR = 1.25
"""Texts of two columns whose average lengths differ less do not tell questions from answers."""

LEAST_FILLED, FILLED = 3, 0.25
"""Rows, and their share, that fill a column without a name."""

MOST_CUT = 0.2
"""Share of rows in which a cell may begin with a blank; more are torn sentences."""

ENDS = ".?!。？！"
"""What a sentence ends with, and a header does not."""

_TEXTS = frozenset({Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.PREFERRED, Role.NON_PREFERRED})
_SEVERAL = _TEXTS | {Role.TAG, Role.NOTES, Role.IGNORE}
_NUMBERED = frozenset({"ticket", "case", "issue", "vorgang", "fall"})
"""Headers that stand over texts, or over their numbers."""

_BESIDE = frozenset({"instruction", "input", "context"})
"""Headers of what together is a question; beside any other one an instruction is for the model."""


def guess_mapping(first_rows: Sequence[Row]) -> Mapping:
    """Return the likeliest mapping by the first rows of a table.

    Every column has a role, IGNORE where none is evident. Titles above the header are skipped.
    """
    rows = [cells for _, cells in first_rows[:LOOKED_AT]]
    if not rows:
        return Mapping((), has_header=False)
    skipped = _titles(rows)
    header, *body = rows[skipped:]
    names = [plain(name) for name in header]
    if OWN_COLUMNS.keys() <= set(names):
        own = tuple(OWN_COLUMNS.get(name, Role.IGNORE) for name in names)
        return Mapping(own, skipped=skipped, is_own=True)
    has_header = _is_header(header, body)
    below = body if has_header else [header, *body]
    width = _width(len(header) if has_header else 0, below)
    columns = [Column.of(_cells(below, index)) for index in range(width)]
    roles: list[Role | None] = [None] * width
    if has_header:
        names += [""] * (width - len(names))
        roles = _by_header(names, columns)
    _by_content(roles, columns)
    return Mapping(tuple(role or Role.IGNORE for role in roles), has_header, skipped)


def _width(named: int, rows: Sequence[tuple[str, ...]]) -> int:
    """Return how many columns there are: those with a name, or as many as most rows have.

    Beyond them only what many rows fill is a column. Where a cell begins with a blank, a comma
    has cut it off its sentence, and there are but too many cells.
    """
    width = named or Counter(map(len, rows)).most_common(1)[0][0]
    while True:
        beyond = [row for row in rows if len(row) > width and row[width].strip()]
        n_cut = sum(any(cell[:1].isspace() for cell in row) for row in beyond)
        if len(beyond) < max(LEAST_FILLED, FILLED * len(rows)) or n_cut > MOST_CUT * len(beyond):
            return width
        width += 1


def _cells(rows: Sequence[tuple[str, ...]], index: int) -> list[str]:
    return [row[index] for row in rows if index < len(row)]


def _filled(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row if cell.strip()]


def _is_known(cell: str) -> bool:
    """Whether a cell looks like a header by its words."""
    text = cell.strip()
    if not text or len(text) > LONGEST:
        return False
    found = meaning(plain(text))
    return found is not None and (found.is_word or (found.is_plain and text[-1] not in ENDS))


def _titles(rows: Sequence[tuple[str, ...]]) -> int:
    """Count the rows above a header: it is known by two words, and fuller than what is above."""
    for index, row in enumerate(rows[:HIGHEST_TITLE]):
        is_fuller = all(len(_filled(above)) < len(_filled(row)) for above in rows[:index])
        if sum(map(_is_known, row)) >= 2 and is_fuller:
            return index
    return 0


def _is_header(header: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> bool:
    """Whether a row is a header: by known words, else by being unlike the rows below it.

    What comes again in its own column is no name of the column.
    """
    names = _filled(header)
    if not names or max(map(len, names)) > LONGEST or any(map(str.isdecimal, names)):
        return False
    columns = [(name, _cells(body, index)) for index, name in enumerate(header) if name.strip()]
    if any(name in cells for name, cells in columns):
        return False
    return any(map(_is_named, *zip(*columns, strict=True))) or _is_unlike(columns)


def _is_named(name: str, cells: Sequence[str]) -> bool:
    """Whether a known word stands above cells that are not made of such words themselves."""
    return _is_known(name) and 2 * sum(map(_is_known, cells)) <= len(cells)


def _is_unlike(columns: Sequence[tuple[str, list[str]]]) -> bool:
    """Whether words without an end of sentence stand over much longer texts."""
    texts = [(name, column) for name, cells in columns if (column := Column.of(cells)).is_text]
    return bool(texts) and all(
        name[-1] not in ENDS and column.length > MUCH_LONGER * len(name) for name, column in texts
    )


def _by_header(names: Sequence[str], columns: Sequence[Column]) -> list[Role | None]:
    meanings = [meaning(name) for name in names]
    roles = [_sure(found, column) for found, column in zip(meanings, columns, strict=True)]
    free = (column for column, role in zip(columns, roles, strict=True) if role is None)
    has_speakers = any(column.are_speakers for column in free)
    for index, (found, column) in enumerate(zip(meanings, columns, strict=True)):
        if roles[index] is None and found is not None and not (found.is_sure or has_speakers):
            if column.is_text or not column.cells:
                roles[index] = found.role if _is_open(found.role, roles, meanings) else None
            elif names[index] in _NUMBERED:
                roles[index] = Role.ID
    questions = [name for name, role in zip(names, roles, strict=True) if role is Role.USER]
    if not _BESIDE.issuperset(questions):
        for index, name in enumerate(names):
            if name == "instruction":
                roles[index] = Role.SYSTEM
    for index, role in enumerate(roles):
        if role not in _SEVERAL and role in roles[:index]:
            roles[index] = None
    return roles


def _is_open(role: Role, roles: Sequence[Role | None], meanings: Sequence[Meaning | None]) -> bool:
    """Whether no column with a surer header has a role; several unsure ones are joined."""
    same = (found for found, each in zip(meanings, roles, strict=True) if each is role)
    return not any(found is not None and found.is_sure for found in same)


def _sure(found: Meaning | None, column: Column) -> Role | None:
    """Return the role that a header is sure of, unless the cells cannot be that."""
    if found is None or not found.is_sure or not column.fits(found.role):
        return None
    is_other = found.role in _TEXTS and column.cells and not column.is_text
    return None if is_other and not found.is_word else found.role


def _by_content(roles: list[Role | None], columns: Sequence[Column]) -> None:
    """Give the columns without a role those that are missing."""
    free = [index for index, role in enumerate(roles) if role is None]
    if Role.SPEAKER not in roles and {Role.USER, Role.ASSISTANT}.isdisjoint(roles):
        speakers = next((index for index in free if columns[index].are_speakers), None)
        if speakers is not None:
            roles[speakers] = Role.SPEAKER
            free.remove(speakers)
    if Role.SPEAKER in roles:
        _one_message_a_row(roles, columns)
    else:
        _questions_and_answers(roles, columns, free)
    if Role.TAG not in roles:
        labels = next((i for i in free if roles[i] is None and columns[i].are_labels), None)
        if labels is not None:
            roles[labels] = Role.TAG


def _one_message_a_row(roles: list[Role | None], columns: Sequence[Column]) -> None:
    """The longest text is what is said."""
    texts = [i for i, role in enumerate(roles) if role in (None, Role.USER, Role.ASSISTANT)]
    said = max(texts, key=lambda index: columns[index].length, default=None)
    for index in texts:
        if index == said:
            roles[index] = Role.TEXT
        elif roles[index] is not None:
            roles[index] = Role.IGNORE


def _questions_and_answers(
    roles: list[Role | None], columns: Sequence[Column], free: Sequence[int]
) -> None:
    texts = [index for index in free if columns[index].is_text]
    if not texts and _TEXTS.isdisjoint(r for r in roles if r is not None):
        texts = [index for index in free if columns[index].has_letters][:2]
    if len(texts) > 1 and Role.SYSTEM not in roles:
        repeated = [index for index in texts if columns[index].is_repeated_text]
        if repeated and len(repeated) < len(texts):
            roles[repeated[0]] = Role.SYSTEM
            texts.remove(repeated[0])
    has_reply = not {Role.ASSISTANT, Role.PREFERRED}.isdisjoint(roles)
    missing = [Role.USER] * (Role.USER not in roles) + [Role.ASSISTANT] * (not has_reply)
    if len(missing) == 2 and len(texts) > 1:
        reply = _longest(texts, columns)
        question = next(index for index in texts if index != reply)
        roles[question], roles[reply] = Role.USER, Role.ASSISTANT
    elif missing and texts:
        roles[max(texts, key=lambda index: columns[index].length)] = missing[0]


def _longest(texts: Sequence[int], columns: Sequence[Column]) -> int:
    """Return the column of the replies: the longest texts, the second of two of one length."""
    first, second, *others = texts
    lengths = sorted((columns[first].length, columns[second].length))
    if not others and lengths[1] <= SIMILAR * lengths[0]:
        return second
    return max(texts, key=lambda index: columns[index].length)
