import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.advice.balance import (
    LONG,
    length_of_very_long,
    many_refusals,
    percent,
    shares,
    unequal_languages,
    unequal_lengths,
    unequal_shares,
)
from desktop_app.core.examples.advice.groups import GroupCounts, named_groups
from desktop_app.core.examples.advice.instructions import Instructions, differ_little, slips
from desktop_app.core.examples.advice.length import Cut, cut_of
from desktop_app.core.examples.conversation import Conversation, Message

MEANT = "You answer for Harbour, a homeware shop. Be warm, brief and exact."


@pytest.mark.parametrize(
    ("other", "is_slip"),
    [
        (MEANT.replace("warm", "kind"), True),
        (MEANT.replace("a homeware shop", "the homeware store"), True),
        (MEANT + " Always.", True),
        ("You answer for Harbour, a homeware shop.", False),
        ("You write poems about the sea and its ships, and nothing else at all here.", False),
    ],
)
def test_instructions_that_differ_by_a_word_or_two(other: str, is_slip: bool) -> None:
    found = [Instructions(1, other, 3), Instructions(2, MEANT, 100)]
    assert slips(found) == ({1: 2} if is_slip else {})


def test_the_more_used_text_is_meant_and_slips_of_slips_lead_to_it() -> None:
    one, two = MEANT.replace("warm", "kind"), MEANT.replace("warm", "nice")
    found = [Instructions(1, one, 5), Instructions(2, MEANT, 90), Instructions(3, two, 5)]
    assert slips(found) == {1: 2, 3: 2}
    assert slips(found[:1]) == slips([]) == {}


def test_texts_without_spaces_are_compared_by_character() -> None:
    japanese = "あなたは雑貨店の店員です。親切に簡潔に答えてください。"
    found = [Instructions(1, japanese, 9), Instructions(2, japanese.replace("親切", "丁寧"), 1)]
    assert slips(found) == {2: 1}


def test_short_texts_are_different_words_and_no_slips() -> None:
    assert not differ_little(["Be", "brief."], ["Be", "warm."])
    assert not differ_little(["a", "b", "c", "d"], ["a", "x", "y", "d"])


@given(st.lists(st.sampled_from("abcdef"), max_size=20), st.lists(st.sampled_from("abcdef")))
def test_differing_little_is_mutual(one: list[str], other: list[str]) -> None:
    assert differ_little(one, one)
    if differ_little(one, other):
        assert abs(len(one) - len(other)) <= 3


def test_shares_name_the_frequent_and_the_rarest() -> None:
    counts = {"a": 50, "b": 30, "c": 10, "d": 5, "e": 4, "f": 1}
    assert shares(counts) == "a 50 %, b 30 %, c 10 %, d 5 %, f 1 %"
    assert (percent(0, 9), percent(1, 1000), percent(9, 9), percent(0, 0)) == (
        "0 %", "0.1 %", "100 %", "0 %",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "is_unequal"),
    [
        ({"en": 95, "de": 5}, True),
        ({"en": 60, "de": 40}, False),
        ({"a": 30, "b": 30, "c": 35, "d": 5}, False),
        ({"en": 100}, False),
        ({"en": 10, "de": 1}, False),
        ({}, False),
    ],
)
def test_unequal_shares(counts: dict[str, int], is_unequal: bool) -> None:
    finding = unequal_shares("unequal_tags", counts)
    assert (finding is not None) == is_unequal
    if finding is not None:
        assert (finding.count, finding.detail) == (sum(counts.values()), shares(counts))


def test_a_handful_of_texts_that_were_misjudged_are_no_language() -> None:
    assert unequal_languages({"en": 300, "ca": 4}) is None
    assert unequal_languages({"en": 23_119, "ca": 9, "it": 40}) is None
    found = unequal_languages({"en": 300, "de": 20, "ca": 2})
    assert found is not None
    assert (found.code, found.detail) == ("unequal_languages", "en 94 %, de 6 %")


def test_refusals_are_many_from_a_tenth_on() -> None:
    assert many_refusals(9, 19) is None
    assert many_refusals(9, 100) is None
    found = many_refusals(10, 100)
    assert found is not None
    assert (found.count, found.detail, found.filter_code) == (10, "10 %", "refusal")


def test_a_few_long_ones_with_most_of_the_text() -> None:
    assert unequal_lengths([100] * 50) is None
    assert unequal_lengths([10] * 10 + [9000]) is None
    assert unequal_lengths([0] * 50) is None
    finding = unequal_lengths([100] * 45 + [2000] * 5)
    assert finding is not None
    assert (finding.count, finding.detail) == (5, "69 %")


def test_very_long_is_measured_by_the_others() -> None:
    assert length_of_very_long([]) == length_of_very_long([10, 20, 9000]) == LONG
    assert length_of_very_long([1000] * 9 + [90_000]) == 20_000


def test_groups_of_people_are_counted_by_conversation_and_language() -> None:
    counts = GroupCounts()
    for n in range(10):
        counts.add("She asked her mother. The woman paid.", "en")
        counts.add("Il y a un colis, elle est lourde.", "fr")
        counts.add("彼女は荷物を待っています。", "ja")
        counts.add("The man", "en" if n < 3 else "")
        counts.add("Two German customers and a French parcel", "en")
    assert counts.genders == {"women": 20, "men": 3}
    assert counts.nationalities == {"german": 10}
    findings = {finding.code: finding for finding in counts.findings()}
    assert findings["named_genders"].detail == "women 87 %, men 13 %"
    assert findings["named_nationalities"].count == 10


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("“She” said: it's late.", "en", ("women",)),
        ("The shelf, the heart, a sherbet and her-like themes", "en", ("women",)),
        ("The shelf, the heart and a sherbet", "en", ()),
        ("Two German customers paid; Germans like the French lamp.", "en", ("german",)),
        ("French toast in the Chinese language for 5 Swiss francs", "en", ()),
        ("यह लैंप उस महिला का है।", "hi", ("women",)),
        ("Посылка уже в пути, и она будет доставлена завтра.", "ru", ()),
        ("Эта женщина и мужчина", "ru", ("men", "women")),
        ("彼女は荷物を待っています。", "ja", ("women",)),
        ("Diese Franzosen warten.", "de", ("franzosen",)),
        ("She", "fi", ()),
        ("She", "", ()),
    ],
)
def test_groups_that_a_text_names(text: str, language: str, names: tuple[str, ...]) -> None:
    assert named_groups(text, language) == names


def test_groups_that_are_named_alike_or_hardly_at_all_are_not_told() -> None:
    alike, hardly = GroupCounts(), GroupCounts()
    for _ in range(20):
        alike.add("He and she", "en")
    hardly.add("The woman", "en")
    assert alike.findings() == hardly.findings() == GroupCounts().findings() == []


def words(message: Message) -> int:
    return len(message.text.split())


def test_what_is_cut_off_is_named() -> None:
    conversation = Conversation((Message("user", "a b c d"), Message("assistant", "e f g h")))
    assert cut_of(conversation, 10, words, overhead=2) is None
    assert cut_of(conversation, 9, words, overhead=2) == Cut(1, 0.75, 10, 9)
    assert cut_of(conversation, 4, words, overhead=2) == Cut(0, 0.5, 10, 4)
    assert cut_of(conversation, 1, words, overhead=2) == Cut(0, 0.0, 10, 1)


def test_replies_to_compare_are_read_one_at_a_time() -> None:
    compared = Conversation(
        (Message("user", "a b"),),
        preferred=(Message("assistant", "c"),),
        non_preferred=(Message("assistant", "c d e f"),),
    )
    assert cut_of(compared, 6, words, overhead=0) is None
    assert cut_of(compared, 4, words, overhead=0) == Cut(2, 0.5, 6, 4)


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(0, 40))
def test_a_cut_is_there_if_and_only_if_it_is_too_long(lengths: list[int], limit: int) -> None:
    conversation = Conversation(tuple(Message("user", "x " * n) for n in lengths))
    cut = cut_of(conversation, limit, words, overhead=1)
    assert (cut is not None) == (bool(lengths) and sum(lengths) + 1 > limit)
    if cut is not None:
        assert 0 <= cut.share < 1
        assert cut.tokens > cut.limit == limit
