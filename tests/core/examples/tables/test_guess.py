from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.tables.conversations import conversations
from desktop_app.core.examples.tables.delimited import DelimitedTable
from desktop_app.core.examples.tables.guess import guess_mapping
from desktop_app.core.examples.tables.mapping import Mapping, Role
from desktop_app.core.examples.tables.table import Row
from tests.core.examples.tables.reading import table_of

cells = st.text(st.sampled_from(" abä漢?.0") | st.characters(), max_size=6) | st.sampled_from(
    ["question", "Answer", "user", "assistant", "tags", "5", "質問", "Where is my parcel, please?"]
)

INPUTS = Path(__file__).parents[5] / "shared" / "reference" / "inputs"

QUESTION = "Where is my parcel? It was due on Monday."
REPLY = "It left the depot this morning and will be with you tomorrow."


def guessed(text: str) -> Mapping:
    return guess_mapping(list(table_of(text).rows()))


def roles(header: str, *rows: str) -> str:
    mapping = guessed("\n".join((header, *rows)))
    assert mapping.has_header
    return " ".join(mapping.roles)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("question\tanswer", "user assistant"),
        ("Prompt\tCompletion", "user assistant"),
        ("instruction\tinput\toutput", "user user assistant"),
        ("Instruction\tQuestion\tAnswer", "system user assistant"),
        ("system_prompt\tuser_message\tassistant_response", "system user assistant"),
        ("Question 1\tAnswer 1\tQuestion 2\tAnswer 2", "user assistant user assistant"),
        ("Frage\tAntwort\tKategorie\tBemerkungen", "user assistant tag notes"),
        ("Question du client\tRéponse\tCatégorie", "user assistant tag"),
        ("Pregunta\tRespuesta\tEtiquetas", "user assistant tag"),
        ("質問\t回答\tカテゴリ\t備考", "user assistant tag notes"),
        ("お客様の質問\t担当者の回答", "user assistant"),
        ("السؤال\tالجواب", "user assistant"),
        ("prompt\tchosen\trejected", "user preferred non_preferred"),
        ("Customer\tAgent", "user assistant"),
        ("Ticket-ID\tKundenanfrage\tAntwort\tDatum", "id user assistant ignore"),
        ("conversation_id\trole\tcontent\tsplit", "id speaker text split"),
    ],
)
def test_headers_without_any_rows(header: str, expected: str) -> None:
    assert roles(header) == expected


def test_the_same_words_stand_over_texts_and_over_names() -> None:
    header = "Customer,Agent,Ticket,Customer message,Agent reply"
    row = f"Ada,Max,17,{QUESTION},{REPLY}"
    assert roles(header, row, row) == "ignore ignore id user assistant"
    assert roles("Ticket,Resolution", f"{QUESTION},{REPLY}") == "user assistant"


def test_a_subject_is_part_of_the_question_only_where_there_is_no_better_word() -> None:
    row = f"About my parcel,{QUESTION},{REPLY}"
    assert roles("Subject,Body,Answer", row) == "user user assistant"
    assert roles("Subject,Question,Answer", row) == "ignore user assistant"


def test_an_id_of_a_person_joins_no_rows() -> None:
    row = f"7,{QUESTION},{REPLY}"
    assert roles("user id,question,answer", row, row) == "ignore user assistant"


def test_columns_that_hold_something_else_than_their_header_says() -> None:
    row = f"weight of 3 kg,parcel,{QUESTION},{REPLY}"
    assert roles("weight,split,question,answer", row, row) == "ignore ignore user assistant"


def test_a_column_of_speakers_and_one_of_texts() -> None:
    rows = (f"1,user,{QUESTION}", f"1,agent,{REPLY}")
    assert roles("thread id,author type,message", *rows) == "id speaker text"
    assert roles("thread id,who,said", *rows, *rows) == "id speaker text"


def test_unknown_headers_the_longest_texts_are_the_replies() -> None:
    rows = [f"{n},{REPLY} We are sorry {n}.,{QUESTION} {n},delivery" for n in range(6)]
    assert roles("no,aaa,bbb,ccc", *rows) == "ignore assistant user tag"


def test_without_a_header_the_first_row_counts() -> None:
    mapping = guessed("\n".join(f"{QUESTION}\t{REPLY} {n}" for n in range(3)))
    assert (mapping.roles, mapping.has_header) == ((Role.USER, Role.ASSISTANT), False)
    assert not guessed("user\tHello there\nassistant\tHello\nuser\tThank you very much").has_header


def test_repeated_long_texts_are_instructions() -> None:
    rows = [f"Be warm, brief and exact.\t{QUESTION} {n}\t{REPLY} {n}" for n in range(5)]
    assert guessed("\n".join(rows)).roles == (Role.SYSTEM, Role.USER, Role.ASSISTANT)


def test_a_title_above_the_header_is_skipped() -> None:
    mapping = guessed(f"Export of March\n\n2026-03-01,all\nQuestion,Answer,Topic\n{QUESTION},x,y\n")
    assert (mapping.skipped, mapping.has_header) == (2, True)
    assert mapping.roles == (Role.USER, Role.ASSISTANT, Role.TAG)


def test_a_blank_header_cell_hides_no_column() -> None:
    assert roles("question,", f"{QUESTION},{REPLY}") == "user assistant"


def test_a_comma_in_a_text_makes_no_column() -> None:
    torn = "I paid, but where is it?,Here."
    assert roles("question,answer", f"{QUESTION},{REPLY}", torn) == "user assistant"
    assert roles("question,answer", torn, f"{QUESTION},{REPLY}", torn, torn) == "user assistant"
    mapping = guessed("\n".join([f"{QUESTION},{REPLY}", torn, f"{QUESTION} Two.,{REPLY} Two."]))
    assert (mapping.roles, mapping.has_header) == ((Role.USER, Role.ASSISTANT), False)


def test_what_many_rows_fill_is_a_column_without_a_name() -> None:
    numbered: list[Row] = [(n, (QUESTION, REPLY)) for n in range(2, 6)]
    numbered.insert(0, (1, ("question", "answer")))
    for n in range(6, 9):
        numbered.append((n, (QUESTION, REPLY, "delivery")))
        found = guess_mapping(numbered).roles
        assert len(found) == (3 if n == 8 else 2)


def test_without_a_header_most_rows_say_how_many_columns_there_are() -> None:
    rows = [(n, (f"{QUESTION} {n}", f"{REPLY} {n}")) for n in range(8)]
    beside = (8, (QUESTION, REPLY, "", "", "a note beside the table"))
    assert guess_mapping([beside, *rows]).roles == (Role.USER, Role.ASSISTANT)


def test_addresses_are_no_texts() -> None:
    row = f"depot-nord@parcels.example,https://parcels.example/track?n=17,{QUESTION},{REPLY}"
    assert roles("email,aaa,bbb,ccc", row, row) == "ignore ignore user assistant"


def test_nothing_to_guess_by() -> None:
    assert guess_mapping([]) == Mapping((), has_header=False)
    assert not guessed("1,2\n3,4\n").is_complete


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("banking77_train.csv", "utf-8"), ("d08_excel_semicolon_cp1252.csv", "cp1252")],
)
def test_files_of_strangers(name: str, encoding: str) -> None:
    path = INPUTS / name
    if not path.exists():
        pytest.skip("the files of strangers are not here")
    with path.open("rb") as file:
        mapping = guess_mapping(list(DelimitedTable(file, encoding).rows()))
    assert mapping == Mapping((Role.USER, Role.TAG))


@given(st.lists(st.lists(cells, max_size=4).map(tuple), max_size=8))
def test_whatever_stands_in_a_table_every_row_is_accounted_for(rows: list[tuple[str, ...]]) -> None:
    numbered = [(n, row) for n, row in enumerate(rows, 1) if any(map(str.strip, row))]
    mapping = guess_mapping(numbered)
    width = len(mapping.roles)
    joins = {Role.ID, Role.TEXT}.intersection(mapping.roles)
    if mapping.is_complete and not joins:
        found = list(conversations(numbered, mapping))
        body = numbered[mapping.skipped + mapping.has_header :]
        assert [item.number for item in found] == [n for n, _ in body]
        dropped = [n for n, row in body if any(map(str.strip, row[width:]))]
        assert [i.number for i in found if getattr(i, "reason", "") == "extra_cells"] == dropped
