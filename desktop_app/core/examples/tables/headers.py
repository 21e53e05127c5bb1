"""What a header says of its column: by itself where it is a known word, else by its main word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from desktop_app.core.examples.tables.column import is_unspaced
from desktop_app.core.examples.tables.header_words import TERMS, Part, Term
from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.words import CERTAIN, LIKELY

LONGEST = 60
"""Characters; a longer cell is no header."""

COMPOUND = 4
"""Letters of the shortest word that another one may end or begin with ("Kundentext")."""

_ARTICLE = "ال"
_TO_THE = "لل"
_SPEAKERS = (Part.CUSTOMER, Part.AGENT, Part.THREAD)
_ABOUT = (
    Role.SPLIT, Role.IGNORE, Part.NUMBER, Role.SPEAKER, Role.NOTES, Part.COMMENT, Role.RATING,
    Role.TAG, Role.NON_PREFERRED, Role.PREFERRED, Role.SYSTEM,
)  # fmt: skip
"""What is said about a text, in the order in which it wins over what the text is."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """`is_word`: the header is a known word, not made of some. `is_sure`: it says so itself.

    What is not sure counts only over texts, as the same words stand over names and numbers.
    `is_plain`: most of it is known, so that it could hardly be anything but a header.
    """

    role: Role
    is_sure: bool = True
    is_word: bool = False
    is_plain: bool = True


def meaning(name: str) -> Meaning | None:
    """Return what a header means that `plain` was applied to, None if nothing is known of it."""
    if name in CERTAIN:
        return Meaning(CERTAIN[name], is_word=True)
    if name in LIKELY:
        return Meaning(LIKELY[name], is_word=True, is_sure=False)
    if not name or len(name) > LONGEST:
        return None
    words = list(_terms(name))
    found = _composed(_turned([term for term, _ in words if term is not None]))
    if found is None:
        return None
    known = sum(weight for term, weight in words if term is not None)
    # One known word among three is a sentence; two among five may be a long header.
    least = sum(weight for _, weight in words) - (known > 1)
    return Meaning(*found, is_plain=2 * known >= least)


def _composed(terms: Sequence[Term]) -> tuple[Role, bool] | None:
    """Return the role by the main words, and whether it is sure."""
    main, beside = _main(terms)
    about = next((term for term in _ABOUT if term in main), None)
    if about is not None:
        return _about(about, terms), True
    if Part.QUESTION in main:
        return Role.USER, True
    if Part.ANSWER in main:
        before = main[: main.index(Part.ANSWER)]
        is_theirs = Part.CUSTOMER in before and Part.AGENT not in before
        return (Role.USER if is_theirs else Role.ASSISTANT), True
    speaker = next((term for term in (*main, *beside) if term in _SPEAKERS), None)
    if Part.SAID in main:
        if Part.ANSWER in beside:
            return Role.ASSISTANT, True
        if speaker is None and Part.QUESTION not in beside:
            return Role.USER, False
        return (Role.ASSISTANT if speaker is Part.AGENT else Role.USER), True
    if speaker is None:
        return None
    is_theirs = speaker is not Part.AGENT or Part.THREAD in main
    return (Role.USER if is_theirs else Role.ASSISTANT), False


def _about(about: Term, terms: Sequence[Term]) -> Role:
    if about is Part.NUMBER:
        # The number of a customer or an order: rows that share it are no conversation.
        return Role.ID if Part.THREAD in terms or Part.QUESTION in terms else Role.IGNORE
    if about is Part.COMMENT:
        return Role.USER if Part.CUSTOMER in terms else Role.NOTES
    assert isinstance(about, Role)
    return about


def _main(terms: Sequence[Term]) -> tuple[Sequence[Term], Sequence[Term]]:
    """Divide at the first preposition that has something before it: "text | of the reply"."""
    kept = list(terms)
    while kept and kept[0] is Part.OF:
        del kept[0]
    end = kept.index(Part.OF) if Part.OF in kept else len(kept)
    return kept[:end], kept[end:]


def _turned(terms: Sequence[Term]) -> list[Term]:
    """Make the one who is spoken to the other one: a message to the customer is the agent's."""
    turned: list[Term] = []
    others: dict[Term, Term] = {Part.CUSTOMER: Part.AGENT, Part.AGENT: Part.CUSTOMER}
    is_spoken_to = False
    for term in terms:
        if term is Part.TO:
            is_spoken_to = True
        elif term is Part.TOWARDS:
            turned[-1:] = [others.get(each, each) for each in turned[-1:]]
        elif is_spoken_to and term in others:
            turned += [Part.OF, others[term]]
            is_spoken_to = False
        else:
            turned.append(term)
    return turned


def _terms(name: str) -> Iterator[tuple[Term | None, int]]:
    """Yield what each word or group of words is, None for unknown ones, and what it weighs.

    A word weighs 1, prepositions and short ones that are not known nothing; without blanks each
    letter weighs 1.
    """
    words = name.split(" ")
    at = 0
    while at < len(words):
        for length in (3, 2, 1):
            group = " ".join(words[at : at + length])
            if at + length <= len(words) and (term := _term(group)) is not None:
                yield term, int(term not in (Part.OF, Part.TO))
                break
        else:
            length = 1
            yield from _parts(words[at])
        at += length


def _term(word: str) -> Term | None:
    found = TERMS.get(word)
    return TERMS.get(word.removeprefix(_ARTICLE)) if found is None else found


def _parts(word: str) -> Iterator[tuple[Term | None, int]]:
    """Take a word apart that is made of several."""
    if is_unspaced(word) or "\uac00" <= word[0] <= "\ud7a3":
        yield from _run(word)
        return
    if word.startswith(_TO_THE) and word[2:] in TERMS:
        yield Part.TO, 0
        yield TERMS[word[2:]], 1
        return
    ends = (word[n:] for n in range(1, len(word) - COMPOUND + 1))
    end = next((each for each in ends if each in TERMS), "")
    if not end:
        yield None, int(len(word) >= COMPOUND)
        return
    start = word.removesuffix(end)
    starts = (start[:n] for n in range(len(start), COMPOUND - 1, -1))
    known = next((each for each in starts if each in TERMS), "")
    yield TERMS.get(known), 0
    yield TERMS[end], 1


def _run(text: str) -> Iterator[tuple[Term | None, int]]:
    """Yield the longest known words in a script without blanks, and what stands between them."""
    longest = 6
    at = 0
    while at < len(text):
        lengths = range(longest, 1 - (at == len(text) - 1), -1)
        found = next((text[at : at + n] for n in lengths if text[at : at + n] in TERMS), "")
        yield TERMS.get(found), len(found) or 1
        at += len(found) or 1
