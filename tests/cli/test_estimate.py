import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from desktop_app.cli.command import main
from desktop_app.cli.estimate import RESOURCES
from desktop_app.core.cost.prices import load_prices
from desktop_app.core.cost.tokens import O200K, TokenCounter
from desktop_app.core.examples.chat_jsonl import line
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.imported import Imported
from desktop_app.core.examples.project_jsonl import header_line, line_of
from desktop_app.core.examples.shared_instructions import SharedInstructions

LONG = Conversation((Message("user", "Where is it? " * 500), Message("assistant", "There. " * 500)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text(f"{line(LONG)}\n" * 40, encoding="utf-8")
    return file


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_all_that_are_offered_and_this_computer(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["estimate", str(path)]) == 0
    text = said(capsys)
    prices = load_prices((RESOURCES / "prices" / "pricing.json").read_bytes())
    today = datetime.now(tz=UTC).date()
    offered = {p.base_model for p in prices.current if p.training and p.can_be_tuned_on(today)}
    assert {p.base_model for p in prices.current if f"\n{p.base_model}: $" in text} == offered
    assert "This computer: free." in text
    assert "3 passes (epochs), as a service would choose." in text


def test_one_model_in_figures(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(path), "--model", "gpt-4.1", "--epochs", "2"]) == 0
    text = said(capsys)
    tokens = 40 * TokenCounter(RESOURCES / "tokenizers").count(LONG, O200K)
    assert f"40 training examples, {tokens:,} tokens in one pass (o200k_base)." in text
    assert "2 passes (epochs), as chosen." in text
    price = load_prices((RESOURCES / "prices" / "pricing.json").read_bytes()).find("gpt-4.1")
    assert price is not None
    assert price.training is not None
    cost = Decimal(2 * tokens) * price.training / 1_000_000
    assert f"{price.base_model}: ${cost:,.2f} for {2 * tokens:,} tokens" in text
    assert re.search(r"a price of \d{1,2} [A-Z][a-z]+ \d{4}\.", text)
    assert "This computer" not in text


def test_what_is_longer_than_a_model_reads_is_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "giant.jsonl"
    giant = Conversation((Message("user", "one " * 20_000), Message("assistant", "two")))
    path.write_text(line(giant) + "\n", encoding="utf-8")
    assert main(["estimate", str(path), "--model", "gpt-3.5-turbo", "--epochs", "1"]) == 0
    text = said(capsys)
    assert "for 16,385 tokens" in text
    assert "1 example longer than 16,385 tokens would be cut." in text
    assert "It cannot be tuned any more." in text


def test_this_computer_is_free(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(path), "--model", "local"]) == 0
    assert "$" not in said(capsys)


def test_examples_for_the_test_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "project.jsonl"
    items = [Imported(LONG, n, split=split) for n, split in ((1, "training"), (2, "test"))]
    lines = [header_line(SharedInstructions()), *map(line_of, items)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["estimate", str(path)]) == 0
    assert said(capsys).startswith("1 training example, ")


def test_lines_that_cannot_be_read_do_not_count(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("nonsense\n")
    assert main(["estimate", str(path), "--model", "local"]) == 1
    assert "1 line could not be read" in capsys.readouterr().err


def test_where_no_line_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "python.jsonl"
    path.write_text("{'prompt': 'a', 'completion': 'b'}\n" * 3, encoding="utf-8")
    assert main(["estimate", str(path)]) == 2
    assert "None of its 3 lines can be read. exemplar check says why." in capsys.readouterr().err


def test_a_model_without_a_price_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", str(path), "--model", "o4-mini"]) == 2
    assert "gpt-4.1-2025-04-14" in capsys.readouterr().err
