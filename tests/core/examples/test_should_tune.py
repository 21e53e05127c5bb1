import inspect
import re

import pytest

from desktop_app.core.examples import should_tune as module
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.should_tune import (
    Suggestion,
    TuningFacts,
    TuningScreen,
    should_tune,
)
from desktop_app.core.examples.should_tune_texts import SHOULD_TUNE_TEXTS, SUGGESTIONS


def screened(*pairs: tuple[str, str]) -> TuningFacts:
    screen = TuningScreen()
    for asked, reply in pairs:
        screen.add(Conversation((Message("user", asked), Message("assistant", reply))))
    return screen.facts()


def codes(facts: TuningFacts) -> list[str]:
    return [assessment.code for assessment in should_tune(facts)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (TuningFacts(49), ["few_examples"]),
        (TuningFacts(50), ["manner_to_learn"]),
        (TuningFacts(500, different_replies=0.01), ["labels_to_learn"]),
        (TuningFacts(500, base_score=0.9), ["base_model_is_good"]),
        (TuningFacts(500, base_score=0.89), ["manner_to_learn"]),
        (TuningFacts(500, facts_share=0.4), ["facts_to_look_up"]),
        (TuningFacts(500, unevenness=2.0), ["replies_differ_in_manner"]),
        (
            TuningFacts(5, 0.9, 2.0, 0.01, 0.95),
            [
                "few_examples",
                "base_model_is_good",
                "facts_to_look_up",
                "replies_differ_in_manner",
            ],
        ),
    ],
)
def test_reasons_for_and_against(facts: TuningFacts, expected: list[str]) -> None:
    assert codes(facts) == expected
    goes_ahead = {a.suggestion is Suggestion.GO_AHEAD for a in should_tune(facts)}
    assert goes_ahead == {expected[0] in ("manner_to_learn", "labels_to_learn")}


def test_facts_that_stand_nowhere_else_are_to_be_looked_up() -> None:
    looked_up = [(f"When was mug {n:03} made?", f"It was made in {1500 + n}.") for n in range(60)]
    assert codes(screened(*looked_up)) == ["facts_to_look_up"]


def test_numbers_of_the_question_and_names_that_repeat_are_no_such_facts() -> None:
    numbers = range(4000, 4060)
    facts = screened(*((f"Is order {n} paid?", f"Yes, {n} is paid to Harbour.") for n in numbers))
    assert facts.facts_share == 0
    assert codes(facts) == ["manner_to_learn"]


def test_a_long_reply_with_one_number_is_more_than_that_number() -> None:
    long = [(f"Tell me of mug {n}", f"{'It is a good mug. ' * 50}{1500 + n}") for n in range(60)]
    assert screened(*long).facts_share == 0


def test_german_writes_every_noun_with_a_capital() -> None:
    ends = [one + other for one in "abcdefghij" for other in "klmnop"]
    said = [("Wo?", f"Das ist nicht im Lager{end} da") for end in ends]
    assert screened(*said).facts_share == 0


def test_labels_and_manners() -> None:
    labels = [(f"text {n}", "billing" if n % 2 else "returns") for n in range(60)]
    assert codes(screened(*labels)) == ["labels_to_learn"]
    uneven = [(f"text {n}", "word " * (1000 if n % 20 == 0 else n % 7 + 1)) for n in range(60)]
    assert codes(screened(*uneven)) == ["replies_differ_in_manner"]


def test_of_few_replies_only_their_number_is_said() -> None:
    assert screened(("a", "Born in 1999.")) == TuningFacts(1)
    assert screened() == TuningFacts(0)
    assert TuningScreen().facts(base_score=0.5) == TuningFacts(0, base_score=0.5)


def test_every_assessment_has_words() -> None:
    named = set(re.findall(r'Assessment\("(\w+)"', inspect.getsource(module)))
    assert named == SHOULD_TUNE_TEXTS.keys()
    assert SUGGESTIONS.keys() == set(Suggestion)
