import io
from collections.abc import Iterator, Sequence

import openpyxl
import pytest

from desktop_app.core.examples.conversation import Message
from desktop_app.core.examples.formats.format import Detected, Format
from desktop_app.core.examples.imported import Imported, Rejected
from desktop_app.core.examples.tables import conversations as reading
from desktop_app.core.examples.tables.conversations import conversations, read_table
from desktop_app.core.examples.tables.guess import guess_mapping
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.open_table import open_table
from desktop_app.core.examples.tables.table import Note, Row, TableError
from tests.core.examples.tables.reading import table_of

PAIR = (Role.USER, Role.ASSISTANT)
GROUPED = (Role.ID, Role.USER, Role.ASSISTANT)


def read(text: str, roles: Sequence[Role], **more: bool) -> list[Imported | Rejected]:
    table = table_of(text)
    mapping = Mapping(tuple(roles), has_header=more.get("has_header", False))
    found = list(conversations(table.rows(), mapping))
    assert found == list(read_table(table, mapping))
    return found


def said(item: Imported | Rejected) -> str:
    assert isinstance(item, Imported)
    return " ".join(f"{m.role[0]}:{m.text}" for m in item.conversation.all_messages)


def only(text: str, roles: Sequence[Role]) -> Imported:
    (item,) = read(text, roles)
    assert isinstance(item, Imported)
    return item


def test_a_row_is_a_conversation_with_its_number() -> None:
    first, second = read("q,a\nwhere,there\n\nwho,me\n", PAIR, has_header=True)
    assert (said(first), first.number) == ("u:where a:there", 2)
    assert (said(second), second.number) == ("u:who a:me", 4)


def test_an_empty_reply_is_written() -> None:
    first, second = read("where,\nwho\n", PAIR)
    assert said(first) == "u:where a:"
    assert said(second) == "u:who a:"


def test_a_row_in_which_nobody_speaks_is_reported() -> None:
    (found,) = read("be kind, ,  ,x\n", (Role.SYSTEM, *PAIR, Role.NOTES))
    assert isinstance(found, Rejected)
    assert (found.number, found.reason) == (1, "no_text")
    assert found.text.startswith("be kind")


def test_text_that_no_column_takes_is_reported() -> None:
    first, second, third = read("a,b,\na,b,, \na,b,,more\n", PAIR)
    assert said(first) == said(second) == "u:a a:b"
    assert isinstance(third, Rejected)
    assert third.reason == "extra_cells"


@pytest.mark.parametrize(
    ("roles", "row", "expected"),
    [
        ((Role.ASSISTANT, Role.USER), "a,b", "u:b a:a"),
        ((Role.USER, Role.USER, Role.ASSISTANT), "a,b,c", "u:a\n\nb a:c"),
        ((Role.USER, Role.USER, Role.ASSISTANT), "a,,c", "u:a a:c"),
        ((Role.USER, Role.ASSISTANT) * 2, "a,b,c,d", "u:a a:b u:c a:d"),
        ((Role.USER, Role.ASSISTANT) * 2, "a,b,,", "u:a a:b"),
        ((Role.USER, Role.ASSISTANT) * 2, "a,b,c,", "u:a a:b u:c a:"),
        ((Role.USER, Role.USER, Role.ASSISTANT, Role.ASSISTANT), "a,b,c,d", "u:a a:c u:b a:d"),
        ((Role.ASSISTANT, Role.USER, Role.ASSISTANT), "a,b,c", "a:a u:b a:c"),
        ((Role.SYSTEM, Role.IGNORE, *PAIR), "s,x,a,b", "s:s u:a a:b"),
        ((Role.USER,), "a", "u:a"),
        ((Role.USER, Role.PREFERRED, Role.NON_PREFERRED), "a,b,c", "u:a a:b a:c"),
    ],
)
def test_columns_become_turns(roles: tuple[Role, ...], row: str, expected: str) -> None:
    assert said(only(row + "\n", roles)) == expected


def test_two_replies_are_compared() -> None:
    conversation = only("a,b,c\n", (Role.USER, Role.PREFERRED, Role.NON_PREFERRED)).conversation
    assert conversation.preferred == (Message("assistant", "b"),)
    assert conversation.non_preferred == (Message("assistant", "c"),)


def test_what_a_table_says_of_a_conversation() -> None:
    roles = (*PAIR, Role.TAG, Role.TAG, Role.RATING, Role.NOTES, Role.SPLIT, Role.SOURCE)
    item = only("q\ta\ta; b, c\tb|d\t4/5\tsee row 7\tValidation\tmarch.xlsx\n", roles)
    assert item.tags == ("a", "b", "c", "d")
    assert (item.rating, item.notes, item.split) == (4, "see row 7", "test")
    assert item.source == "march.xlsx"


@pytest.mark.parametrize(("cell", "stars"), [("★★★☆☆", 3), ("5.0", 5), (" 0 ", 0), ("2 / 5", 2)])
def test_ratings(cell: str, stars: int) -> None:
    assert only(f"q\ta\t{cell}\n", (*PAIR, Role.RATING)).rating == stars


def test_what_is_not_understood_is_kept_as_a_note() -> None:
    item = only("q\ta\t87 of 100\tlater\n", (*PAIR, Role.RATING, Role.SPLIT))
    assert (item.rating, item.split, item.notes) == (0, "", "87 of 100\nlater")


def test_rows_with_one_id_are_one_conversation() -> None:
    found = read("7,a,b\n7,c,d\n8,e,f\n,g,h\n,i,j\n", GROUPED)
    assert [said(item) for item in found] == ["u:a a:b u:c a:d", "u:e a:f", "u:g a:h", "u:i a:j"]
    assert [item.number for item in found] == [1, 3, 4, 5]


def test_rows_with_one_id_may_stand_apart() -> None:
    found = read("1,a,b\n2,c,d\n1,e,f\n3,g,h\n2,i,j\n1,k,l\n", GROUPED)
    assert sorted(said(item) for item in found) == [
        "u:a a:b u:e a:f u:k a:l",
        "u:c a:d u:i a:j",
        "u:g a:h",
    ]


def test_a_conversation_comes_as_soon_as_it_is_complete() -> None:
    table = table_of("1,a,b\n2,c,d\n1,e,f\n" + "3,x,y\n" * 3)
    taken = 0

    class Counted:
        sheets: tuple[str, ...] = ()
        notes: tuple[Note, ...] = ()

        def rows(self, sheet: str | None = None) -> Iterator[Row]:
            nonlocal taken
            taken = 0
            for row in table.rows(sheet):
                taken += 1
                yield row

    items = read_table(Counted(), Mapping(GROUPED, has_header=False))
    next(items)
    assert taken == 3
    next(items)
    assert taken == 4


def test_too_much_that_is_not_complete_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HELD_LIMIT", 100)
    scattered = "".join(f"{n},{'x' * 10},y\n" for n in [*range(20), *range(20)])
    in_order = "".join(f"{n},{'x' * 10},y\n" for n in range(20) for _ in range(2))
    assert len(read(in_order, GROUPED)) == 20
    with pytest.raises(TableError, match="Sort the table"):
        read(scattered, GROUPED)


def test_a_reply_in_the_row_after_its_question() -> None:
    (item,) = read("1,a,\n1,,b\n1,c,\n1,d,e\n", GROUPED)
    assert said(item) == "u:a a:b u:c a: u:d a:e"


def test_instructions_stand_once_or_where_they_change() -> None:
    roles = (Role.ID, Role.SYSTEM, *PAIR)
    (item,) = read("1,be kind,a,b\n1,be kind ,c,d\n1,be brief,e,f\n1,,g,h\n", roles)
    assert said(item) == "s:be kind u:a a:b u:c a:d s:be brief u:e a:f u:g a:h"


def test_one_message_a_row() -> None:
    roles = (Role.ID, Role.SPEAKER, Role.TEXT, Role.WEIGHT)
    rows = "1,Customer,a,\n1,agent,b,no\n2,human,c,\n1,Kunde,d,\n3,Max,f,\n1,bot,e,1\n"
    second, problem, first = read(rows, roles)
    assert said(first) == "u:a a:b u:d a:e"
    assert isinstance(first, Imported)
    assert [m.weight for m in first.conversation.messages] == [None, 0, None, 1]
    assert isinstance(problem, Rejected)
    assert (problem.number, problem.reason) == (5, "unknown_speaker")
    assert said(second) == "u:c"


def test_one_message_a_row_without_ids() -> None:
    rows = "user,a\nbot,b\n\nuser,c\nbot,\nsystem,s\nuser,d\n"
    found = read(rows, (Role.SPEAKER, Role.TEXT))
    assert [said(item) for item in found] == ["u:a a:b", "u:c a:", "s:s u:d"]


def test_stray_bytes_are_reported_with_a_mend() -> None:
    roles = (*PAIR, Role.TAG)
    data = "where,Größe\n".encode() + b"who,caf\xe9,\x93x\x94\n"
    table = open_table(io.BytesIO(data), Detected(Format.TABLE, delimiter=","))
    first, second = read_table(table, Mapping(roles, has_header=False))
    assert said(first) == "u:where a:Größe"
    assert isinstance(second, Rejected)
    assert second.reason == "not_text"
    assert second.mended is not None
    assert said(second.mended) == "u:who a:café"
    assert second.mended.tags == ("“x”",)
    second.text.encode()


def test_a_row_of_many_millions_of_characters_is_reported() -> None:
    (found,) = read("q," + "x" * 5_000_000 + "\n", PAIR)
    assert isinstance(found, Rejected)
    assert found.reason == "too_long"
    assert len(found.text) == 500


def test_no_column_with_text_is_refused() -> None:
    with pytest.raises(TableError, match="no_text_column"):
        read("a,b\n", (Role.TAG, Role.NOTES))


def test_a_broken_workbook_of_150_rows_accounts_for_every_row() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Support, March", None, None, None])
    sheet.append(["Ticket", "Question", "Answer", None, "Topic"])
    for n in range(150):
        sheet.append([n, f"Where is parcel {n}, please?", f"It is on its way, {n}.", None, "a; b"])
    sheet["B10"] = sheet["C10"] = None
    sheet["C20"] = None
    sheet["B30"] = 12.0
    sheet["G40"] = "a stray note"
    for column in "ABCE":
        sheet[f"{column}50"] = None
    sheet["A60"] = 56
    sheet["C70"] = "=1+1"
    sheet["B80"] = " padded "
    sheet["B90"] = "one_x000D_\ntwo"
    file = io.BytesIO()
    book.save(file)

    table = open_table(file, Detected(Format.XLSX))
    mapping = guess_mapping(list(table.rows()))
    assert " ".join(mapping.roles) == "id user assistant ignore tag"
    assert (mapping.skipped, mapping.has_header) == (1, True)
    found = list(read_table(table, mapping))
    problems = {item.number: item.reason for item in found if isinstance(item, Rejected)}
    assert problems == {10: "no_text", 40: "extra_cells"}
    read_rows = {item.number: item for item in found if isinstance(item, Imported)}
    assert len(read_rows) == 146
    assert said(read_rows[20]).endswith("a:")
    assert said(read_rows[30]).startswith("u:12 ")
    assert said(read_rows[70]).endswith("a:")
    assert said(read_rows[80]).startswith("u: padded  a:")
    assert said(read_rows[90]).startswith("u:one\r\ntwo")
    assert said(read_rows[59]).count("u:") == 2
    assert read_rows[3].tags == ("a", "b")
    assert [note.code for note in table.notes] == ["formulas"]
