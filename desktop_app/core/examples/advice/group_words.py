"""Words by which groups of people are named, by language. Kept small: to count, not to judge.

Words that mean something else as often are left out, as pronouns are that stand for things too.
"""

from collections.abc import Mapping


def _by_language(words: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(text.split()) for language, text in words.items()}


WOMEN = _by_language(
    {
        "en": "she her hers herself woman women girl girls mother mothers daughter daughters wife"
        " wives sister sisters lady ladies mrs ms waitress actress",
        "de": "frau frauen mädchen mutter mütter tochter töchter ehefrau schwester schwestern",
        "fr": "femme femmes fille filles mère mères épouse madame sœur",
        "es": "ella ellas mujer mujeres niña niñas madre madres hija hijas esposa señora hermana",
        "pt": "ela elas mulher mulheres menina meninas mãe filha filhas senhora irmã",
        "it": "donna donne ragazza ragazze madre figlia moglie sorella signora",
        "nl": "zij haar vrouw vrouwen meisje meisjes moeder dochter zus mevrouw",
        "pl": "ona jej kobieta kobiety matka córka żona siostra pani",
        "tr": "kadın kadınlar kız anne karısı hanım",
        "ru": "она её ей женщина женщины девушка мать дочь жена сестра",
        "uk": "вона її жінка жінки дівчина мати дочка дружина сестра",
        "ar": "هي امرأة المرأة نساء النساء فتاة أم ابنة زوجة أخت سيدة السيدة",
        "hi": "महिला महिलाएं लड़की माँ बेटी पत्नी बहन",
    }
)
MEN = _by_language(
    {
        "en": "he him his himself man men boy boys father fathers son sons husband husbands"
        " brother brothers gentleman gentlemen mr waiter actor",
        "de": "mann männer junge jungen vater väter sohn söhne ehemann bruder brüder",
        "fr": "homme hommes garçon garçons père pères mari monsieur frère",
        "es": "él ellos hombre hombres niño niños padre padres hijo hijos esposo señor hermano",
        "pt": "ele eles homem homens menino meninos pai filho filhos senhor irmão",
        "it": "uomo uomini ragazzo ragazzi padre figlio marito fratello signore",
        "nl": "hij hem man mannen jongen jongens vader zoon broer meneer",
        "pl": "on jego mężczyzna mężczyźni ojciec syn mąż brat pan",
        "tr": "erkek erkekler oğlan baba kocası bey",
        "ru": "он его ему мужчина мужчины парень отец сын муж брат",
        "uk": "він його йому чоловік чоловіки хлопець батько син брат",
        "ar": "هو رجل الرجل رجال الرجال فتى أب ابن زوج أخ سيد السيد",
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

_NATIONALITIES = {
    "en": "american british canadian australian irish chinese japanese korean indian pakistani"
    " nigerian egyptian arab turkish russian ukrainian german italian spanish portuguese romanian"
    " greek mexican brazilian syrian swiss french dutch swedish",
    "de": "amerikaner briten engländer franzosen italiener spanier portugiesen griechen türken"
    " russen ukrainer polen rumänen chinesen japaner inder syrer schweizer österreicher",
    "fr": "américains anglais allemands italiens espagnols portugais grecs turcs russes ukrainiens"
    " polonais roumains chinois japonais indiens syriens suisses belges",
    "es": "estadounidenses ingleses alemanes italianos franceses portugueses rusos ucranianos"
    " chinos japoneses indios sirios mexicanos argentinos colombianos venezolanos",
}
NATIONALITIES = _by_language(_NATIONALITIES)
