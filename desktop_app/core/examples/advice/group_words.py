"""Words by which groups of people are named, by language. Kept small: to count, not to judge.

Words that mean something else as often are left out, as pronouns are that stand for things too.
"""

from collections.abc import Mapping


def _by_language(words: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(text.split()) for language, text in words.items()}


WOMEN = _by_language(
    {
        "en": "she her hers herself woman women girl girls mother mothers daughter daughters wife"
        " wives sister sisters lady ladies mrs ms waitress",
        "de": "frau frauen mädchen mutter mütter tochter töchter ehefrau schwester schwestern",
        "fr": "femme femmes fille filles mère mères épouse madame sœur",
        "es": "ella mujer mujeres niña madre hija esposa señora hermana",
        "pt": "mulher mulheres menina mãe filha senhora irmã",
        "it": "donna donne ragazza madre figlia moglie sorella signora",
        "nl": "vrouw vrouwen meisje meisjes moeder dochter zus mevrouw",
        "pl": "kobieta kobiety matka córka żona siostra pani",
        "tr": "kadın kadınlar kız anne karısı hanım",
        "ru": "женщина женщины девушка мать дочь жена сестра",
        "uk": "жінка жінки дівчина мама дочка дружина сестра",
        "ar": "امرأة المرأة نساء النساء فتاة الأم والدة ابنة زوجة أخت سيدة السيدة",
        "hi": "महिला महिलाएं लड़की माँ बेटी पत्नी बहन",
    }
)
MEN = _by_language(
    {
        "en": "he him his himself man men boy boys father fathers son sons husband husbands"
        " brother brothers gentleman gentlemen mr waiter",
        "de": "mann männer vater väter sohn söhne ehemann bruder brüder",
        "fr": "homme hommes garçon garçons fils père pères mari monsieur frère",
        "es": "él hombre hombres niño padre hijo esposo señor hermano",
        "pt": "homem homens menino pai filho senhor irmão",
        "it": "uomo uomini ragazzo padre figlio marito fratello signor",
        "nl": "man mannen jongen jongens vader zoon broer meneer",
        "pl": "mężczyzna mężczyźni ojciec syn mąż brat pan",
        "tr": "erkek erkekler oğlan baba kocası bey",
        "ru": "мужчина мужчины парень отец сын муж брат",
        "uk": "чоловік чоловіки хлопець батько син брат",
        "ar": "رجل الرجل رجال الرجال فتى الأب والد ابن زوج أخ سيد السيد",
        "hi": "पुरुष लड़का पिता बेटा पति भाई",
    }
)

# Where no spaces part the words, they are looked for anywhere.
WOMEN_WITHIN = {
    "ja": ("彼女", "女性", "母親", "女の子", "妻"),
    "zh": ("她", "女人", "女性", "女孩", "母亲", "妻子"),
    "ko": ("그녀", "여성", "여자", "어머니", "아내"),
}
MEN_WITHIN = {
    "ja": ("彼は", "彼の", "彼が", "男性", "父親", "男の子", "夫"),
    "zh": ("他说", "他的", "男人", "男性", "男孩", "父亲", "丈夫"),
    "ko": ("남성", "남자", "아버지", "남편"),
}

# Without the English adjectives: they are said of languages, dishes and money more than of people.
_NATIONALITIES = {
    "en": "americans canadians australians koreans indians pakistanis nigerians egyptians arabs"
    " turks russians ukrainians germans italians spaniards romanians greeks mexicans brazilians"
    " syrians britons",
    "de": "amerikaner briten engländer franzosen italiener spanier portugiesen griechen türken"
    " russen ukrainer polen rumänen chinesen japaner inder syrer schweizer österreicher",
    "fr": "américains anglais allemands italiens espagnols portugais grecs turcs russes ukrainiens"
    " polonais roumains chinois japonais indiens syriens suisses belges",
    "es": "estadounidenses ingleses alemanes italianos franceses portugueses rusos ucranianos"
    " chinos japoneses indios sirios mexicanos argentinos colombianos venezolanos",
}
NATIONALITIES = _by_language(_NATIONALITIES)

_ADJECTIVES = (
    "american british canadian australian irish chinese japanese korean indian pakistani nigerian"
    " egyptian arab turkish russian ukrainian german italian spanish portuguese romanian greek"
    " mexican brazilian syrian swiss french dutch swedish"
)
_PEOPLE = (
    "people person man men woman women boy boys girl girls child children citizen citizens customer"
    " customers client clients student students worker workers employee employees family families"
    " immigrant immigrants tourist tourists neighbour neighbours neighbor neighbors guest guests"
    " patient patients applicant applicants"
)
ADJECTIVES = frozenset(_ADJECTIVES.split())
PEOPLE = frozenset(_PEOPLE.split())
"""In English one of the adjectives before one of these names people by where they are from."""

ADJECTIVE_OF = {f"{adjective}s": adjective for adjective in ADJECTIVES} | {
    "spaniards": "spanish",
    "turks": "turkish",
    "britons": "british",
}
