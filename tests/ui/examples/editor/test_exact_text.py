import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.examples.editor.exact_text import LONGEST, ExactText

TEXTS = st.text(st.sampled_from("ab \r\n\u2029\u00a0\u2028é😀ن")) | st.builds(
    lambda text, n: text * n,
    st.sampled_from(["ab ", "😀", "x\r\n", "no-space"]),
    st.integers(0, 4000),
)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(TEXTS)
def test_what_nobody_changed_stays_as_it_was(text: str) -> None:
    exact = ExactText(text)
    assert exact.length == units(exact.shown)
    assert exact.between(0, exact.length) == exact.text == text
    exact.change(0, 0, "")
    assert exact.text == text


@given(TEXTS)
def test_a_box_is_shown_plain_line_ends_and_no_long_paragraph(text: str) -> None:
    shown = ExactText(text).shown
    assert not set("\r\u2029") & set(shown)
    assert all(len(line) <= LONGEST for line in shown.split("\n"))


@given(TEXTS, TEXTS, st.randoms(use_true_random=False))
def test_a_change_touches_nothing_else(text: str, added: str, random: object) -> None:
    exact = ExactText(text)
    pick = random.randint  # type: ignore[attr-defined]  # hypothesis gives a Random
    start = pick(0, len(exact.shown))
    end = pick(start, min(len(exact.shown), start + 5))
    before, removed = units(exact.shown[:start]), units(exact.shown[start:end])
    left, right = exact.between(0, before), exact.between(before + removed, exact.length)
    plain = added.replace("\r\n", "\n").replace("\r", "\n").replace("\u2029", "\n")
    exact.change(before, removed, plain)
    assert exact.text == left + plain + right
    assert exact.length == units(exact.shown) - removed + units(plain)
    # Another change on top: the odd places have moved along.
    exact.change(0, 0, "!")
    assert exact.text == "!" + left + plain + right


@pytest.mark.parametrize(
    ("text", "position", "removed", "expected"),
    [("a\r\nb", 1, 1, "ab"), ("a\r\nb", 3, 0, "a\r\nb!"), ("😀\r\nb", 2, 1, "😀b")],
)
def test_line_ends_of_two_characters(text: str, position: int, removed: int, expected: str) -> None:
    exact = ExactText(text)
    exact.change(position, removed, "" if removed else "!")
    assert exact.text == expected


def test_a_cut_is_no_part_of_the_text() -> None:
    text = "word " * 2000
    exact = ExactText(text)
    cut = exact.shown.index("\n")
    exact.change(cut, 1, "")
    assert exact.text == text
    exact.change(cut - 2, 4, "X")
    assert exact.text == text[: cut - 2] + "X" + text[cut + 2 :]
    assert "\n" not in exact.between(0, exact.length)


def test_letters_are_not_cut_apart() -> None:
    text = "e\u0301" * 5000
    assert all(line.startswith("e") for line in ExactText(text).shown.split("\n"))
