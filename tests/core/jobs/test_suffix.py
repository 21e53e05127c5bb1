import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.jobs.suffix import clean_suffix


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("Harbour voice v3", "harbour-voice-v3"),
        ("  Ça va? Ünïcode!  ", "ca-va-unicode"),
        ("v1.2_final", "v1-2-final"),
        ("大阪弁", None),
        ("", None),
        ("---", None),
    ],
)
def test_a_name_becomes_a_suffix(name: str, suffix: str | None) -> None:
    assert clean_suffix(name, 64) == suffix


def test_a_cut_leaves_no_hyphen_at_the_end() -> None:
    assert clean_suffix("harbour voice", 8) == "harbour"


@given(st.text(), st.integers(1, 64))
def test_any_name_gives_a_suffix_that_any_service_takes(name: str, limit: int) -> None:
    suffix = clean_suffix(name, limit)
    assert suffix is None or (
        0 < len(suffix) <= limit
        and set(suffix) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        and suffix.strip("-") == suffix
    )
