import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.tables import delimited
from desktop_app.core.examples.tables.delimited import DelimitedTable
from desktop_app.core.examples.tables.table import TableError
from tests.core.examples.tables.reading import table_of

INPUTS = Path(__file__).parents[5] / "shared" / "reference" / "inputs"

words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=12
)


def rows_of(text: str) -> list[tuple[str, ...]]:
    return [cells for _, cells in table_of(text).rows()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_equal_widths(delimiter: str) -> None:
    rows = [("question", "answer"), ("Hello, is it late; today?", 'It is "late" | not lost.')] * 3
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(rows)
    table = table_of(file.getvalue())
    assert table.delimiter == delimiter
    assert [cells for _, cells in table.rows()] == rows


def test_prose_without_a_delimiter_is_one_column() -> None:
    text = "Where is it?\nIt is late, I fear.\nWell, then, wait, please.\nThank you.\n"
    assert {len(cells) for cells in rows_of(text)} == {1}


def test_commas_in_the_texts_do_not_win_over_the_semicolon() -> None:
    text = "text;category\nHello, where is it?;delivery\nI paid, twice, I think;billing\n"
    assert rows_of(text)[1] == ("Hello, where is it?", "delivery")


def test_the_first_line_of_excel_names_the_delimiter() -> None:
    assert list(table_of("sep=|\r\na,b|c\r\n1,2|3\r\n").rows()) == [
        (1, ("a,b", "c")),
        (2, ("1,2", "3")),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end(end: str) -> None:
    text = end.join(("q,a", '"two', 'lines",x', "last,row"))
    assert rows_of(text) == [("q", "a"), (f"two{end}lines", "x"), ("last", "row")]


def test_cells_copied_from_a_spreadsheet() -> None:
    text = 'Question\tAnswer\n"Two\nlines"\t"He said ""no"", then left"\nplain, with comma\t\n'
    assert rows_of(text)[1:] == [
        ("Two\nlines", 'He said "no", then left'),
        ("plain, with comma", ""),
    ]


def test_empty_rows_are_passed_over_and_counted() -> None:
    assert list(table_of("a,b\n\n , \n1,2\n").rows()) == [(1, ("a", "b")), (4, ("1", "2"))]


def test_rows_of_unequal_length_stay_as_they_are() -> None:
    assert rows_of("a,b,c\n1\n1,2,3,4\n1,2,3\n") == [
        ("a", "b", "c"),
        ("1",),
        ("1", "2", "3", "4"),
        ("1", "2", "3"),
    ]


def test_a_stray_quotation_mark_swallows_no_rows() -> None:
    table = table_of('q,a\n1,"x\n2,y\n3,z\n')
    assert [cells for _, cells in table.rows()] == [("q", "a"), ("1", '"x'), ("2", "y"), ("3", "z")]
    assert [note.code for note in table.notes] == ["unclosed_quote"]
    assert "Row 2" in table.notes[0].detail


def test_a_stray_quotation_mark_far_from_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "RECORD_LIMIT", 100)
    text = 'q,a\n1,"x\n' + "2,y\n" * 100
    assert rows_of(text) == [("q", "a"), ("1", '"x'), *[("2", "y")] * 100]


def test_a_file_cut_off_inside_a_cell_is_read_and_told() -> None:
    table = table_of('q,a\n1,"first line\nsecond li')
    assert [cells for _, cells in table.rows()][-1] == ("1", "first line\nsecond li")
    assert [note.code for note in table.notes] == ["cut_off"]


def test_nul_characters_are_left_out_and_told() -> None:
    table = table_of("a,b\n1\0,2\n")
    assert [cells for _, cells in table.rows()][1] == ("1", "2")
    assert [note.code for note in table.notes] == ["nul"]


def test_a_cell_larger_than_the_limit_of_the_csv_module() -> None:
    long = "x" * 1_000_000
    assert rows_of(f"a,b\n{long},2\n")[1] == (long, "2")


def test_an_endless_line_is_cut_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CUT", 50)
    table = table_of("a,b\n" + "x" * 500 + ",lost\n1,2\n")
    assert [cells for _, cells in table.rows()] == [("a", "b"), ("x" * 50,), ("1", "2")]
    assert [note.code for note in table.notes] == ["too_long"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "shift_jis"])
def test_encodings(encoding: str) -> None:
    text = "q,a\nwhere,こんにちは\n" if encoding == "shift_jis" else "q,a\nwhere,Größe\n"
    file = io.BytesIO(text.encode(encoding))
    assert [list(DelimitedTable(file, encoding).rows())[1][1] for _ in range(2)] == [
        tuple(text.splitlines()[1].split(","))
    ] * 2
    assert not file.closed


def test_bytes_that_are_no_text_can_be_told() -> None:
    rows = list(DelimitedTable(io.BytesIO(b"q,a\n1,caf\xe9\n"), "utf-8").rows())
    assert rows[1][1] == ("1", "caf\udce9")


def test_refused_encoding_and_sheet() -> None:
    with pytest.raises(TableError, match="unknown_encoding"):
        DelimitedTable(io.BytesIO(b""), "utf-99")
    with pytest.raises(TableError, match="no_sheet"):
        list(table_of("a,b").rows("Sheet1"))


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", '"'])
def test_next_to_nothing(text: str) -> None:
    assert len(rows_of(text)) <= 1


def test_two_readings_at_once_of_which_one_is_left() -> None:
    table = DelimitedTable(io.BytesIO(b"a,b\n1,2\n3,4\n"), "utf-8")
    left = table.rows()
    next(left)
    assert len(list(table.rows())) == 3
    del left
    assert len(list(table.rows())) == 3


@given(st.lists(st.lists(words, min_size=3, max_size=3), min_size=1), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    data = io.BytesIO(file.getvalue().encode())
    found = [list(cells) for _, cells in DelimitedTable(data, "utf-8", delimiter).rows()]
    assert found == [row for row in rows if any(map(str.strip, row))]


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "n_rows"),
    [
        ("banking77_train.csv", "utf-8", ",", 10_004),
        ("d08_excel_semicolon_cp1252.csv", "cp1252", ";", 400),
        ("ishidahra01_results.csv", "utf-8", ",", 127),
    ],
)
def test_files_of_strangers(name: str, encoding: str, delimiter: str, n_rows: int) -> None:
    path = INPUTS / name
    if not path.exists():
        pytest.skip("the files of strangers are not here")
    with path.open("rb") as file:
        table = DelimitedTable(file, encoding)
        assert table.delimiter == delimiter
        rows = list(table.rows())
    assert len(rows) == n_rows
    assert len({len(cells) for _, cells in rows}) == 1
    assert table.notes == ()
