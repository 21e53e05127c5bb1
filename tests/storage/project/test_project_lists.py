"""What a list shows: filters together, orders, counts and facets; and reviews."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.core.examples.rules import Trait
from desktop_app.storage.project.project import Project
from desktop_app.storage.project.rows import Filter, Review, Sort, Split, Uncounted

SAME_TWICE = int(Trait.SAME_ROLE_TWICE)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    opened = Project.create(tmp_path / "shop.exemplar", clock=Clock())
    yield opened
    opened.close()


def talk(question: str, reply: str = "Yes") -> Conversation:
    return Conversation((Message("user", question), Message("assistant", reply)))


def twice(question: str) -> Conversation:
    user = Message("user", question)
    return Conversation((user, user, Message("assistant", "Yes")))


def review(each: Uncounted, *codes: str, language: str = "en") -> Review:
    return Review(each.id, each.revision, codes, language, 1, 2, 3)


def test_orders(project: Project) -> None:
    b, a, c = project.add([talk("bb"), talk("Aaaa"), talk("c")])
    project.set_rating([c], 5)
    project.set_rating([a], 3)
    assert list(project.ids(Filter(sort=Sort.TITLE))) == [a, b, c]
    assert list(project.ids(Filter(sort=Sort.LONGEST))) == [a, b, c]
    assert list(project.ids(Filter(sort=Sort.SHORTEST))) == [c, b, a]
    assert list(project.ids(Filter(sort=Sort.BEST))) == [c, a, b]
    assert list(project.ids(Filter(sort=Sort.EDITED))) == [b, a, c]
    project.set_note(a, "ask")
    assert list(project.ids(Filter(sort=Sort.EDITED))) == [a, b, c]
    project.replace(b, talk("bbb"))
    assert list(project.ids(Filter(sort=Sort.EDITED))) == [b, a, c]
    for sort in Sort:
        found = project.ids(Filter(text="yes", sort=sort))
        assert found == project.ids(Filter(sort=sort))


def test_a_problem_is_what_the_chosen_service_refuses(project: Project) -> None:
    fine, bad, other = project.add([talk("a"), talk("b", ""), twice("c")])
    assert project.counts().with_problems == 1
    assert project.counts(SAME_TWICE).with_problems == 2
    assert list(project.ids(Filter(problems_only=True))) == [bad]
    asked = Filter(problems_only=True, refused_traits=SAME_TWICE)
    assert list(project.ids(asked)) == [bad, other]
    assert fine not in project.ids(replace(asked, text="yes"))
    assert [row.n_messages for row in project.rows([fine, other], "")] == [2, 3]


def test_lengths_count_both_ends(project: Project) -> None:
    ids = project.add([talk("x" * n, "") for n in (3, 4, 5)])
    assert list(project.ids(Filter(shortest=4))) == ids[1:]
    assert list(project.ids(Filter(longest=4))) == ids[:2]
    assert list(project.ids(Filter(shortest=4, longest=4))) == [ids[1]]
    assert list(project.ids(Filter(longest=0))) == []


def test_facets(project: Project) -> None:
    one, two, three = project.add([talk("a"), talk("b"), talk("c")], source="shop.csv")
    (four,) = project.add([talk("d")])
    found = {each.id: each for each in project.unreviewed(9)}
    project.store_reviews(
        [
            review(found[one], "short"),
            review(found[two], "short", "space", language="ja"),
            review(found[three], language="ja"),
            review(found[four], language=""),
        ]
    )
    facets = project.facets()
    assert facets.languages == (("ja", 2), ("en", 1))
    assert facets.sources == (("shop.csv", 3),)
    assert facets.codes == (("short", 2), ("space", 1))
    assert list(project.ids(Filter(language="ja"))) == [two, three]
    assert list(project.ids(Filter(source="shop.csv", code="short"))) == [one, two]
    assert list(project.ids(Filter(source="unknown"))) == []
    (row,) = project.rows([two], "")
    assert (row.language, row.source, row.n_advice) == ("ja", "shop.csv", 2)
    project.delete([two])
    assert project.facets().languages == (("en", 1), ("ja", 1))
    assert project.facets().codes == (("short", 1),)
    assert project.counts().with_advice == 1


def test_everything_is_reviewed_once_and_again_when_it_changes(project: Project) -> None:
    ids = project.add([talk(f"{n}") for n in range(7)])
    pages = 0
    while found := project.unreviewed(3):
        pages += 1
        project.store_reviews(review(each, "short") for each in found)
    assert pages == 3
    project.replace(ids[2], talk("changed"))
    assert project.advice(ids[2]) == ()
    assert [each.id for each in project.unreviewed(9)] == [ids[2]]
    assert project.counts().with_advice == 6
    project.undo()
    (again,) = project.unreviewed(9)
    project.store_reviews([review(again, "space", "space")])
    assert project.advice(ids[2]) == ("space",)


def test_the_review_of_an_old_text_is_dropped(project: Project) -> None:
    (one,) = project.add([talk("old")])
    (found,) = project.unreviewed(9)
    project.replace(one, talk("new"))
    project.store_reviews([review(found, "short")])
    assert project.advice(one) == ()
    assert [each.id for each in project.unreviewed(9)] == [one]
    (found,) = project.unreviewed(9)
    project.store_reviews([review(found, "short")])
    project.store_reviews([review(found, language="de")])
    assert project.advice(one) == ()
    assert project.rows([one], "")[0].language == "de"


def test_advice_of_the_whole_set_replaces_the_former(project: Project) -> None:
    ids = project.add([talk(f"{n}") for n in range(4)])
    project.store_reviews(review(each, "short") for each in project.unreviewed(9))
    project.store_set_advice("duplicate", ids[:2])
    assert [row.n_advice for row in project.rows(ids, "")] == [2, 2, 1, 1]
    project.replace(ids[0], talk("changed"))
    assert project.advice(ids[0]) == ("duplicate",), "until the set is looked through again"
    project.store_set_advice("duplicate", [*ids[1:3], 99])
    assert [project.advice(id_) for id_ in ids] == [
        *((), ("duplicate", "short"), ("duplicate", "short"), ("short",))
    ]
    assert [row.n_advice for row in project.rows(ids, "")] == [0, 2, 2, 1]
    project.store_set_advice("duplicate", [])
    assert project.facets().codes == (("short", 3),)


filters = st.builds(
    Filter,
    text=st.sampled_from(["", "", "a", "yes", "文"]),
    split=st.sampled_from([None, *Split]),
    problems_only=st.booleans(),
    refused_traits=st.sampled_from([0, SAME_TWICE]),
    advice_only=st.booleans(),
    code=st.sampled_from(["", "short"]),
    in_bin=st.booleans(),
    tag=st.sampled_from(["", "delivery"]),
    language=st.sampled_from(["", "en"]),
    source=st.sampled_from(["", "shop.csv"]),
    least_rating=st.integers(0, 2),
    shortest=st.integers(0, 5),
    longest=st.one_of(st.none(), st.integers(3, 7)),
    sort=st.sampled_from(Sort),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project.create(tmp_path_factory.mktemp("filled") / "p.exemplar", clock=Clock())
    talks = [talk("a"), talk("文" * 4), twice("aa"), talk("b", ""), talk("a", "a")]
    ids = [*project.add(talks * 2, source="shop.csv"), *project.add(talks)]
    project.set_tag(ids[::2], "delivery", on=True)
    project.set_rating(ids[::3], 1)
    project.set_rating(ids[1::4], 3)
    project.set_split(ids[2:9], Split.TEST)
    project.store_reviews(
        review(each, *(["short"] if each.id % 3 else []), language=("en", "ja")[each.id % 2])
        for each in project.unreviewed(99)
    )
    project.accept(ids[4:6], "short")
    project.delete(ids[10:12])
    yield project
    project.close()


def shows(project: Project, where: Filter, id_: int) -> bool:
    (row,) = project.rows([id_], "")
    text = "\n".join(message.text for message in project.conversation(id_).messages).lower()
    return (
        project.is_live(id_) != where.in_bin
        and where.text in text
        and where.split in (None, row.split)
        and (
            not where.problems_only or row.n_blocking > 0 or bool(row.traits & where.refused_traits)
        )
        and (not where.advice_only or row.n_advice > 0)
        and (not where.code or where.code in project.advice(id_))
        and (not where.tag or where.tag in row.tags)
        and where.language in ("", row.language)
        and where.source in ("", row.source)
        and row.rating >= where.least_rating
        and where.shortest <= row.n_characters <= (where.longest or 1 << 60)
    )


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters)
def test_a_list_shows_what_meets_all_conditions(filled: Project, where: Filter) -> None:
    everything = [*filled.ids(), *filled.ids(Filter(in_bin=True))]
    found = list(filled.ids(where))
    assert sorted(found) == sorted(id_ for id_ in everything if shows(filled, where, id_))
    if where.sort is Sort.LIST:
        assert found == sorted(found)
    if where.sort is Sort.LONGEST:
        lengths = [row.n_characters for row in filled.rows(found, "")]
        assert lengths == sorted(lengths, reverse=True)
