import pytest

from desktop_app.core.examples.tables.guess import guess_mapping
from desktop_app.core.examples.tables.headers import meaning
from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.words import plain, speaker

HEADERS = {
    Role.USER: """Customer wrote; Customer message; What they asked; What the customer asked us;
        Ticket text; Text of the e-mail; Message from the customer; Customer's problem;
        Support request; User query (translated); Message to support; Customer comment;
        Kunde schrieb; Kundennachricht; Was der Kunde gefragt hat; Nachricht vom Kunden;
        Text des Tickets; Ce que le client a écrit; Message du client; La question posée;
        Lo que preguntó el cliente; Mensaje del cliente; Messaggio del cliente;
        Testo della richiesta; Mensagem do cliente; Pergunta do usuário; Bericht van de klant;
        Klantvraag; Vraag van klant; お客様からのお問い合わせ内容; お客様のメッセージ; 質問内容;
        客户的问题; 고객 문의 내용; رسالة العميل; سؤال الزبون; Вопрос клиента""",
    Role.ASSISTANT: """Our answer; Agent reply; How we answered; What our agent wrote to the customer;
        Reply to customer; Final response sent; Support answer (approved); Our reply text;
        Message to the customer; Unsere Antwort; Antworttext; Antwort an den Kunden;
        Supportantwort; Nachricht an den Kunden; Notre réponse; Réponse de l'agent; Nuestra respuesta;
        Respuesta del agente; La nostra risposta; Nossa resposta; Resposta do atendente;
        Ons antwoord; Antwoord van medewerker; 担当者の返信; お客様への返信; 弊社からの回答;
        我们的回复; 상담원 답변; رد الموظف; ردنا على العميل; إجابة الدعم; Ответ оператора""",
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
