from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.cost.tokens import O200K, TokenCounter
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.state.examples.chosen_rules import LengthLimit
from desktop_app.state.examples.cut_off import CUT_OFF, may_be_cut_off
from tests.state.examples.desk_bench import RESOURCES, make_desk

COUNTER = TokenCounter(RESOURCES / "tokenizers")
NONE = SharedInstructions()
LIMIT = LengthLimit(O200K, 100)


def talk(*words: int) -> Conversation:
    roles = ("user", "assistant")
    return Conversation(tuple(Message(roles[n % 2], " a" * w) for n, w in enumerate(words)))


def found(conversation: Conversation, shared: SharedInstructions = NONE) -> list[tuple[int, str]]:
    cut_off = may_be_cut_off(conversation, shared, (), LIMIT, COUNTER)
    findings = cut_off.findings() if cut_off is not None else []
    return [(finding.message_index or 0, finding.detail) for finding in findings]


def test_what_is_short_is_not_even_counted() -> None:
    assert may_be_cut_off(talk(3, 3), NONE, (), LIMIT, COUNTER) is None


def test_what_fits_though_it_has_many_letters_is_not_cut() -> None:
    assert found(talk(40, 40)) == []


@pytest.mark.parametrize(("words", "index"), [((20, 200), 1), ((200, 20), 0), ((40, 40, 40), 2)])
def test_the_message_that_is_cut_is_named(words: tuple[int, ...], index: int) -> None:
    [(where, share)] = found(talk(*words))
    assert where == index
    assert 0 < int(share.removesuffix("%")) < 100


def test_shared_instructions_take_their_part() -> None:
    long = SharedInstructions(whole_project=" a" * 60)
    assert found(talk(20, 40)) == []
    [(where, _)] = found(talk(20, 40), long)
    assert where == 1


def test_the_conversation_that_is_shown_says_where_it_is_cut(qtbot: QtBot, tmp_path: Path) -> None:
    runner = TaskRunner()
    desk = make_desk(tmp_path, runner)
    desk.open_project.create(tmp_path / "one.exemplar")
    limit = desk.rules.length_limit
    assert limit is not None
    [id] = desk.open_project.add([talk(10, limit.tokens + 10)])
    desk.edited.show(id)

    def is_told() -> bool:
        return any(finding.code == CUT_OFF for finding in desk.edited.findings)

    qtbot.waitUntil(is_told, timeout=20_000)
    [finding] = [finding for finding in desk.edited.findings if finding.code == CUT_OFF]
    assert finding.message_index == 1
    desk.rules.length_limit = LengthLimit(O200K, 2 * limit.tokens)
    desk.rules.changed.emit()
    qtbot.waitUntil(lambda: not is_told(), timeout=20_000)
    desk.edited.set_shared_instructions(SharedInstructions(" a" * limit.tokens))
    qtbot.waitUntil(is_told, timeout=20_000)
    desk.open_project.close()
    assert runner.shut_down()
