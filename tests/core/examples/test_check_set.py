import inspect
import re

import pytest

from desktop_app.core.examples import check_set as module
from desktop_app.core.examples.advice import balance, groups
from desktop_app.core.examples.advice.set_finding import CODES_OF_THE_SET, SetFinding
from desktop_app.core.examples.advice.set_texts import SET_TEXTS, fill_set
from desktop_app.core.examples.check_set import SetSize, check_set
from desktop_app.core.examples.rules import MEGABYTE, rules_for
from desktop_app.state.examples import set_advice


def found(size: SetSize, service: str = "openai", method: str = "supervised") -> list[str]:
    return [finding.code for finding in check_set(size, rules_for(service, method))]


@pytest.mark.parametrize(
    ("size", "codes"),
    [
        (SetSize(50), []),
        (SetSize(49), ["few_examples"]),
        (SetSize(10), ["few_examples"]),
        (SetSize(9, 40), ["too_few_examples"]),
        (SetSize(0), ["too_few_examples"]),
        (SetSize(60, 5, preference=65), ["only_preferences"]),
        (SetSize(60, 5, preference=1), ["mixed_kinds"]),
        (SetSize(60, training_bytes=512 * MEGABYTE), []),
        (SetSize(60, training_bytes=512 * MEGABYTE + 1), ["file_too_large"]),
        (SetSize(60, 60, test_bytes=600 * MEGABYTE), ["file_too_large"]),
    ],
)
def test_what_blocks_a_whole_file(size: SetSize, codes: list[str]) -> None:
    assert found(size) == codes


def test_what_services_and_methods_say_otherwise() -> None:
    large = SetSize(60, training_bytes=200 * MEGABYTE)
    assert found(large, "foundry") == ["file_may_fail"]
    assert found(SetSize(60, training_bytes=600 * MEGABYTE), "nebius") == []
    assert found(SetSize(60), method="dpo") == ["no_preferences"]
    assert found(SetSize(60, preference=60), method="dpo") == []
    mixed = check_set(SetSize(60, preference=10), rules_for("openai", "dpo"))
    assert [(f.code, f.severity, f.count) for f in mixed] == [("mixed_kinds", "blocks", 50)]


def test_every_finding_has_words() -> None:
    sources = "".join(map(inspect.getsource, (module, balance, groups, set_advice)))
    named = set(re.findall(r'(?:SetFinding|unequal_shares)\(\s*"(\w+)"', sources))
    named |= set(re.findall(r'\("(named_\w+)",', sources)) | CODES_OF_THE_SET
    named |= {"only_preferences", "no_preferences"}
    assert named == SET_TEXTS.keys()
    assert not any("!" in text.title + text.reason for text in SET_TEXTS.values())


def test_words_name_the_particulars() -> None:
    text = fill_set("{count} of {detail}", SetFinding("duplicate", "advice", 1234, "{count}"))
    assert text == "1,234 of {count}"
