from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.core.examples.advice.instructions import Instructions
from desktop_app.core.examples.advice.parts import digest_of
from desktop_app.core.examples.advice.review import review
from desktop_app.core.examples.chat_jsonl import line, parse_line
from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.shared_instructions import SharedInstructions
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Review, Split
from desktop_app.storage.project.set_facts import SetFacts, SetNumbers


def talk(asked: str, reply: str = "It is on its way.", instructions: str = "") -> Conversation:
    before = (Message("system", instructions),) if instructions else ()
    return Conversation((*before, Message("user", asked), Message("assistant", reply)))


COMPARED = Conversation(
    (Message("user", "Where is my parcel?"),),
    preferred=(Message("assistant", "Here."),),
    non_preferred=(Message("assistant", "No."),),
)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project.create(tmp_path / "shop.exemplar")
    yield project
    project.close()


@pytest.fixture
def facts(project: Project) -> Iterator[SetFacts]:
    facts = SetFacts.open(project.path)
    yield facts
    facts.close()


def review_all(project: Project) -> None:
    reviews = []
    for each in project.unreviewed(100):
        found = review(each.conversation)
        digests = (found.question, found.reply, found.instructions)
        reviews.append(Review(each.id, each.revision, found.codes, found.language, *digests))
    project.store_reviews(reviews)


def test_an_empty_project(facts: SetFacts) -> None:
    assert facts.numbers() == SetNumbers(0, 0, 0)
    assert facts.fingerprint() == (0, 0, 0)
    assert list(facts.lengths()) == facts.duplicates() == facts.contradictions() == []
    assert facts.tags() == facts.languages() == {}


def test_kinds_are_counted_and_the_bin_is_not(project: Project, facts: SetFacts) -> None:
    ids = project.add([talk("a"), talk("b"), COMPARED, talk("d")])
    project.set_split(ids[1:3], Split.TEST)
    project.delete(ids[3:])
    assert facts.numbers() == SetNumbers(1, 2, 1)


def test_the_method_follows_most_of_what_is_trained_on(project: Project) -> None:
    ids = project.add([talk("a"), COMPARED, talk("b")])
    assert project.counts().preference == 1
    assert not project.counts().are_preferences
    project.set_split(ids[:1], Split.TEST)
    assert not project.counts().are_preferences
    project.set_split(ids[2:], Split.TEST)
    assert project.counts().are_preferences
    project.set_split(ids[1:2], Split.TEST)
    assert project.counts().preference == 0
    assert not project.counts().are_preferences


def test_files_are_never_said_to_be_smaller_than_they_are(
    project: Project, facts: SetFacts
) -> None:
    assert facts.file_sizes() == (0, 0)
    ids = project.add([talk("é" * n) for n in range(1, 9)])
    project.set_split(ids[:2], Split.TEST)
    for shared in ("", "Be “brief”."):
        project.set_instructions(SharedInstructions(shared))
        for split, size in zip(Split, facts.file_sizes(), strict=True):
            lines = [line(each).encode() + b"\n" for _, each in project.as_trained(split)]
            assert size == sum(map(len, lines))
    own = talk("a", instructions="Be warm.")
    project.add([own])
    training = [line(each).encode() + b"\n" for _, each in project.as_trained(Split.TRAINING)]
    assert sum(map(len, training)) < facts.file_sizes()[0] < sum(map(len, training)) + 60


def test_the_fingerprint_follows_texts_and_nothing_else(project: Project, facts: SetFacts) -> None:
    ids = project.add([talk("a"), talk("b")])
    seen = [facts.fingerprint()]
    project.set_split(ids[:1], Split.TEST)
    project.set_tag(ids, "billing", on=True)
    assert facts.fingerprint() == seen[0]
    for change in (
        lambda: project.replace(ids[0], talk("c")),
        lambda: project.delete(ids[1:]),
        lambda: project.add([talk("a")]),
    ):
        change()
        assert facts.fingerprint() not in seen
        seen.append(facts.fingerprint())


def test_equal_ones_contradictions_and_overlap(project: Project, facts: SetFacts) -> None:
    ids = project.add(
        [
            talk("Where is it?"),
            talk("Where is it?"),
            talk(" where  is it?", "Lost."),
            talk("Where is it?", "Elsewhere.", "Be vague."),
            talk("Do you sell mugs?", "Yes."),
            talk("Do you sell mugs?", "YES."),
        ]
    )
    review_all(project)
    assert facts.duplicates() == [ids[1]]
    assert sorted(facts.contradictions()) == ids[:3]
    assert facts.overlap() == []
    project.set_split(ids[1:3], Split.TEST)
    assert facts.overlap() == [ids[1]]
    assert facts.in_test(ids) == set(ids[1:3])
    digests = facts.digests(ids)
    assert digests[ids[0]] == digests[ids[1]] != digests[ids[2]]
    project.delete(ids[:2])
    assert facts.duplicates() == facts.contradictions() == facts.overlap() == []


def test_tags_languages_lengths_and_tokens(project: Project, facts: SetFacts) -> None:
    ids = project.add(
        [
            talk("Where is my parcel?", "It is on its way to you."),
            talk("Wo ist mein Paket?", "Es ist auf dem Weg zu Ihnen."),
            talk("?", "42"),
        ]
    )
    review_all(project)
    project.set_tag(ids[:2], "delivery", on=True)
    project.set_tag(ids[1:2], "billing", on=True)
    assert facts.tags() == {"delivery": 2, "billing": 1}
    assert facts.languages() == {"en": 1, "de": 1}
    assert facts.language_of_each() == {ids[0]: "en", ids[1]: "de"}
    shortest, *longer = sorted(facts.lengths())
    assert shortest < 10 < 30 < longer[0]
    assert facts.longer_than(shortest) == ids[:2]
    project.store_counts("o200k_base", [(id, 1, 10 * id) for id in ids])
    assert facts.with_more_tokens("o200k_base", 10 * ids[1]) == ids[2:]
    assert facts.with_more_tokens("cl100k_base", 0) == []


def test_advice_is_counted(project: Project, facts: SetFacts) -> None:
    ids = project.add([talk("a", "I can't help with that."), talk("b")])
    review_all(project)
    project.store_set_advice("duplicate", ids)
    assert (facts.with_advice("refusal"), facts.with_advice("duplicate")) == (1, 2)
    assert facts.set_advice("duplicate") == set(ids)
    assert facts.set_advice("refusal") == set()


def test_what_is_not_looked_through_as_it_now_stands(project: Project, facts: SetFacts) -> None:
    ids = project.add([talk("a"), talk("b"), talk("c")])
    assert [each.id for each in facts.unreviewed(ids[:2])] == ids[:2]
    review_all(project)
    assert facts.unreviewed(ids) == []
    project.replace(ids[1], talk("d"))
    found = facts.unreviewed(ids)
    assert [(each.id, each.conversation) for each in found] == [(ids[1], talk("d"))]
    project.delete(ids[1:2])
    assert facts.unreviewed(ids) == []


def test_instructions_and_who_has_them(project: Project, facts: SetFacts) -> None:
    ids = project.add(
        [
            talk("a", "x", "Be brief."),
            talk("b", "x", "Be brief."),
            talk("c", "x", "Be warm."),
            talk("d"),
        ]
    )
    review_all(project)
    brief, warm = digest_of("Be brief."), digest_of("Be warm.")
    assert facts.instructions() == [
        Instructions(brief, "Be brief.", 2),
        Instructions(warm, "Be warm.", 1),
    ]
    assert facts.with_instructions([warm]) == ids[2:3]


def test_what_decides_where_examples_go(project: Project, facts: SetFacts) -> None:
    ids = project.add([talk("a"), talk("b"), talk("c")])
    project.set_tag(ids[:1], "billing", on=True)
    project.set_split(ids[2:], Split.TEST)
    placed = list(facts.placed([(ids[0], ids[2])], anew=False))
    assert [(each.id, each.tags, each.group, each.is_test) for each in placed] == [
        (ids[0], ("billing",), 0, False),
        (ids[1], (), None, False),
        (ids[2], (), 0, True),
    ]
    assert {each.is_test for each in facts.placed(anew=True)} == {None}


def test_lines_are_read_as_they_are_stored(project: Project, facts: SetFacts) -> None:
    ids = project.add([talk("a"), talk("b"), talk("c"), talk("d")])
    project.replace(ids[1], talk("e"))
    project.delete(ids[3:])
    before = facts.revisions()[ids[0]]
    assert facts.n_unreviewed() == 3
    stored = facts.unreviewed_lines(0, 10)
    assert stored == facts.unreviewed_lines(0, 2) + facts.unreviewed_lines(ids[1], 2)
    assert [(id_, parse_line(text)) for id_, _, text in stored] == [
        (ids[0], talk("a")),
        (ids[1], talk("e")),
        (ids[2], talk("c")),
    ]
    assert {id_: revision for id_, revision, _ in stored} == facts.revisions()
    assert facts.lines(ids[1:]) == stored[1:]
    review_all(project)
    assert facts.n_unreviewed() == 0
    assert facts.unreviewed_lines(0, 10) == []
    project.replace(ids[0], talk("f"))
    assert facts.revisions()[ids[0]] != before
    assert [id_ for id_, _, _ in facts.unreviewed_lines(0, 10)] == ids[:1]
