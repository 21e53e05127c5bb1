import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.core.examples.tables.guess import guess_mapping
from desktop_app.core.examples.tables.header_words import TERMS
from desktop_app.core.examples.tables.headers import meaning
from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.words import plain, speaker

HEADERS = {
    Role.USER: """Incoming message; Prompt (input); Customer wrote; Customer message;
        What they asked; What the customer asked us; Ticket text; Text of the e-mail;
        Message from the customer; Customer's problem; Support request; User query (translated);
        Message to support; Customer comment; Kunde schrieb; Kundennachricht;
        Was der Kunde gefragt hat; Nachricht vom Kunden; Text des Tickets;
        Ce que le client a écrit; Message du client; La question posée; Lo que preguntó el cliente;
        Mensaje del cliente; Messaggio del cliente; Testo della richiesta; Mensagem do cliente;
        Pergunta do usuário; Bericht van de klant; Klantvraag; Vraag van klant;
        お客様からのお問い合わせ内容; お客様のメッセージ; 質問内容; 客户的问题; 고객 문의 내용;
        رسالة العميل; سؤال الزبون; Вопрос клиента""",
    Role.ASSISTANT: """Outgoing message; Completion (output); Our answer; Agent reply;
        How we answered; What our agent wrote to customers; Reply to customer; Final response;
        Support answer (approved); Our reply text; Message to the customer; Unsere Antwort;
        Antworttext; Antwort an den Kunden; Supportantwort; Nachricht an den Kunden; Notre réponse;
        Réponse de l'agent; Nuestra respuesta; Respuesta del agente; La nostra risposta;
        Nossa resposta; Resposta do atendente; Ons antwoord; Antwoord van medewerker; 担当者の返信;
        お客様への返信; 弊社からの回答; 我们的回复; 상담원 답변; رد الموظف; ردنا على العميل;
        إجابة الدعم; Ответ оператора""",
    Role.NOTES: """Internal remarks on what happened afterwards; Notes for the team; Agent comment;
        Interne Bemerkungen; Interne Notizen zum Fall; Remarques internes; Notas internas;
        Note interne; Interne opmerkingen; 社内メモ; ملاحظات داخلية""",
    Role.TAG: """Ticket category; Reason for contact; Topic of the question; Grund der Anfrage;
        Motif de la demande; Motivo de la consulta; お問い合わせ種別; نوع الطلب""",
    Role.ID: """Ticket number; Case no.; Conversation ref; Vorgangsnummer; Numéro du ticket;
        Número de caso; お問い合わせ番号; رقم التذكرة""",
    Role.IGNORE: """Customer name; Date of reply; Agent ID; Response time; Customer e-mail address;
        Kundenname; Antwortdatum; Kundennummer; Date de la réponse; Nombre del cliente;
        Nome do agente; Naam van de klant; お客様名; 返信日時; اسم العميل; تاريخ الرد""",
    Role.SYSTEM: "Instructions for the assistant; Bot persona; Anweisungen an den Bot",
    Role.RATING: "Customer satisfaction; Bewertung des Kunden; Score (1-5)",
}
CASES = [(text.strip(), role) for role, texts in HEADERS.items() for text in texts.split(";")]


@pytest.mark.parametrize(("header", "role"), CASES)
def test_the_main_word_of_a_header_counts(header: str, role: Role) -> None:
    mapping = guess_mapping([(1, (header,))])
    assert (mapping.has_header, mapping.roles) == (True, (role,))


@pytest.mark.parametrize(
    "text",
    [
        "Please send a reply.", "Thank you for your message", "I have a question about my bill",
        "質問があります、教えてください", "Can I change the name of a guest?", "Where is my parcel",
        "Können Sie mir bitte antworten", "My address changed last week",
    ],
)  # fmt: skip
def test_a_sentence_with_such_words_is_no_header(text: str) -> None:
    rows = [(1, (text, "It is on its way.")), (2, ("Where is it?", "It left the depot."))]
    assert not guess_mapping(rows).has_header


def test_cells_that_are_made_of_such_words_throughout_have_no_header() -> None:
    topics = ["delivery question", "billing question", "question on returns", "support request"]
    rows = [(n, (topic, f"It is on its way, {n}.")) for n, topic in enumerate(topics, 1)]
    assert not guess_mapping(rows).has_header


@given(st.text(max_size=30) | st.lists(st.sampled_from([*TERMS, "zzz"]), max_size=6).map(" ".join))
def test_anything_may_stand_in_a_header(text: str) -> None:
    found = meaning(plain(text))
    assert found is None or found.role in Role


@pytest.mark.parametrize("cell", ["", "17", " ", "?"])
def test_nothing_is_no_speaker(cell: str) -> None:
    assert speaker(cell) == ""


QUESTION, REPLY = "Where is my parcel, please?", "It left the depot this morning."
TABLES = [
    (
        ["Ticket no.", "Date received", "Customer name", "Customer e-mail", "Customer wrote",
         "Agent", "Our answer", "Reply sent on", "Internal remarks", "Reason for contact"],
        ["1044", "2026-03-01", "Ada", "shop@example.org", QUESTION, "Max", REPLY, "2026-03-02",
         "Told the depot to hurry up.", "delivery"],
        "id ignore ignore ignore user ignore assistant ignore notes tag",
    ),
    (
        ["Vorgangs-Nr.", "Eingang", "E-Mail", "Betreff", "Kundenanliegen", "Bearbeiter",
         "Antworttext", "Zufriedenheit"],
        ["V-17", "01.03.2026", "Guten Tag, wo ist das Paket?", "Paket fehlt noch", QUESTION, "Max",
         REPLY, "5"],
        "id ignore ignore ignore user ignore assistant rating",
    ),
    (
        ["受付日時", "お客様名", "お問い合わせ内容", "担当者", "返信内容", "備考", "種別"],
        ["2026-03-01 09:00", "山田", "荷物はどこですか。届いていません。", "佐藤",
         "昨日発送しました。明日届きます。", "電話でも連絡済み", "配送"],
        "ignore ignore user ignore assistant notes tag",
    ),
    (
        ["رقم التذكرة", "تاريخ", "اسم العميل", "رسالة العميل", "رد الموظف", "ملاحظات"],
        ["55", "2026-03-01", "آدا", "أين الطرد الذي طلبته؟", "سيصل الطرد غدا صباحا.", "تم"],
        "id ignore ignore user assistant notes",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "row", "expected"), TABLES)
def test_whole_headers_over_cells(header: list[str], row: list[str], expected: str) -> None:
    rows = [(n, tuple(cells)) for n, cells in enumerate([header, row, row, row], 1)]
    assert " ".join(guess_mapping(rows).roles) == expected
