import pytest

from desktop_app.core.examples.advice.language import are_different, language_of
from desktop_app.core.examples.advice.language_marks import by_letters, by_small_words

SENTENCES = {
    "en": "Where is my parcel? It was due on Monday.",
    "de": "Wo ist mein Paket? Es sollte am Montag kommen.",
    "fr": "Où est mon colis ? Il devait arriver lundi.",
    "es": "¿Dónde está mi paquete? Debía llegar el lunes.",
    "it": "Dov'è il mio pacco? Doveva arrivare lunedì.",
    "pl": "Gdzie jest moja paczka? Miała przyjść w poniedziałek.",
    "tr": "Paketim nerede? Pazartesi günü gelmesi gerekiyordu.",
    "vi": "Gói hàng của tôi ở đâu? Lẽ ra phải đến vào thứ Hai.",
    "ru": "Где моя посылка? Она должна была прийти в понедельник.",
    "uk": "Де моя посилка? Вона мала прийти в понеділок.",
    "ar": "أين طردي؟ كان من المفترض أن يصل يوم الاثنين.",
    "fa": "بسته من کجاست؟ قرار بود دوشنبه برسد.",
    "hi": "मेरा पार्सल कहाँ है? वह सोमवार को आना था।",
    "ja": "荷物はどこですか。",
    "zh": "我的包裹在哪里？",
    "ko": "제 소포는 어디에 있나요?",
    "he": "איפה החבילה שלי?",
    "el": "Πού είναι το δέμα μου;",
    "th": "พัสดุของฉันอยู่ที่ไหน",
    "ka": "სად არის ჩემი ამანათი?",
    "ta": "என் பார்சல் எங்கே?",
}


@pytest.mark.parametrize(("language", "text"), SENTENCES.items())
def test_languages_are_told_from_a_sentence_or_two(language: str, text: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "OK", "12345 678", "👍👍", "…", "\n \n", "x1", "\ud800"])
def test_what_is_too_short_to_tell(text: str) -> None:
    assert language_of(text) == ""


def test_kana_decide_and_names_in_another_script_do_not() -> None:
    assert language_of("東京本社営業部宛の荷物") == "ja"
    assert language_of("我用 iPhone 打电话") == "zh"
    assert language_of("[topic: praise | mood: happy]\nشكرا لك، أسعدت يومنا.\n- Harbour") == "ar"
    assert language_of("Wo ist mein Paket? Es heißt 東京 und sollte am Montag kommen.") == "de"


def test_only_languages_that_are_seldom_mistaken_are_different() -> None:
    assert are_different("en", "de")
    assert are_different("ja", "ko")
    assert not are_different("en", "en")
    assert not are_different("da", "no")
    assert not are_different("zh", "ja")
    assert not are_different("", "en")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The mug and the lamp that you sent with this parcel are from your shop."),
        ("de", "Die Tasse ist nicht mit der Lampe gekommen, und ich werde sie nicht behalten."),
        ("fr", "La tasse et les lampes ne sont pas dans le colis, vous pouvez vérifier avec nous."),
        ("nl", "Het pakket is niet van ons en wordt met een ander voor u bezorgd."),
        ("hi", "आपका पार्सल रास्ते में है और कल तक पहुँच जाएगा। वापसी निःशुल्क है।"),
        ("ru", "Ваша посылка уже в пути и будет доставлена завтра. Мы отправим этикетку."),
        ("uk", "Ваша посилка вже в дорозі, її буде доставлено завтра. Ми надішлемо етикетку."),
        ("ar", "طلبك في الطريق إليك وسوف يصل خلال يومين من الآن شكرا على صبرك"),
    ],
)
def test_plain_texts_are_told_by_small_words_alone(
    language: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("desktop_app.core.examples.advice.language._identifier")
    assert language_of(text) == language


def test_words_of_many_languages_and_other_letters_decide_nothing_at_sight() -> None:
    assert by_small_words("The and is you. Der das und ist nicht. Het en van niet.") == ""
    assert (
        by_letters("CYRILLIC", "Ваша пошиљка је већ на путу и биће испоручена сутра ујутро.") == ""
    )
    assert (
        by_letters("CYRILLIC", "Ваша пасылка ўжо ў дарозе і будзе дастаўлена заўтра раніцай") == ""
    )
    assert (
        by_letters("ARABIC", "بسته شما در راه است و فردا تحویل داده می‌شود. بازگشت رایگان است") == ""
    )
    assert by_letters("CYRILLIC", "Ты где?") == ""
