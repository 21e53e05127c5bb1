import pytest

from desktop_app.core.examples.tables.delimiter import NO_DELIMITER, find_delimiter


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["Where is it?,On its way.\n"], ","),
        (["Where is it?\tOn its way.\n"], "\t"),
        (["question;answer\n", "Where, please?;Here.\n", "When?;Soon, we hope.\n"], ";"),
        (["Just a line of text, nothing else\n"], NO_DELIMITER),
        ([], NO_DELIMITER),
    ],
)
def test_what_stands_between_the_cells_is_found(lines: list[str], delimiter: str) -> None:
    assert find_delimiter(lines) == delimiter
