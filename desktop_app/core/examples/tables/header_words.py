"""The words that longer headers are made of ("What the customer wrote"), in the languages we know.

The commonest in exports of help desks; the list is ours. Words are compared as `plain` makes them.
"""

from enum import Enum, auto

from desktop_app.core.examples.tables.mapping import Role
from desktop_app.core.examples.tables.words import listed


class Part(Enum):
    """What a word says of a column, where it is not the role itself."""

    CUSTOMER = auto()
    AGENT = auto()
    QUESTION = auto()
    ANSWER = auto()
    SAID = auto()
    """A message, a text, "wrote": of whom, another word says."""
    THREAD = auto()
    """A ticket, an e-mail, a chat: what the customer began, or its number."""
    NUMBER = auto()
    COMMENT = auto()
    TO = auto()
    """Who comes next is spoken to, and does not speak."""
    TOWARDS = auto()
    """Who came before is spoken to, as Japanese has it."""
    OF = auto()
    """What comes before it is the main word."""


Term = Part | Role

_TERMS: dict[Term, str] = {
    Part.CUSTOMER: """customer, incoming, customers, client, clients, user, users, visitor, buyer,
        shopper, guest, caller, requester, enquirer, they, kunde, kunden, kundin, nutzer, nutzers,
        benutzer, benutzers, besucher, besuchers, utilisateur, visiteur, acheteur, cliente,
        clientes, usuario, usuarios, comprador, clienti, utente, utenti, usuário, usuários, klant,
        klanten, gebruiker, bezoeker, klient, klienta, お客様, お客さま, 顧客, ユーザー, 利用者,
        客户, 客戶, 用户, 用戶, 고객, 사용자, عميل, زبون, مستخدم, клиент, клиента, пользователь,
        пользователя""",
    Part.AGENT: """agent, agents, support, staff, team, operator, outgoing, representative, rep,
        advisor, assistant, bot, chatbot, helpdesk, we, our, customer service, customer support,
        customer care, service team, mitarbeiter, mitarbeiters, mitarbeiterin, berater, beraters,
        agenten, kundendienst, kundenservice, wir, unser, unsere, conseiller, conseillère, nous,
        notre, nos, service client, agente, agentes, asesor, soporte, nosotros, nuestra, nuestro,
        operatore, assistenza, noi, nostra, nostro, servizio clienti, atendente, suporte,
        atendimento, nós, nossa, nosso, medewerker, klantenservice, wij, ons, onze, 担当者, 担当,
        オペレーター, サポート, スタッフ, 当社, 弊社, 客服, 我们, 상담원, وكيل, موظف, دعم, فريق,
        оператор, оператора, агента, поддержки, наш""",
    Part.QUESTION: """question, questions, asked, asks, inquiry, enquiry, query, request, prompt,
        input, problem, issue, complaint, concern, frage, fragen, fragte, gefragt, anfrage,
        anfragen, anliegen, beschwerde, demande, demandé, requête, réclamation, problème, pregunta,
        preguntas, preguntó, consulta, solicitud, queja, domanda, domande, richiesta, chiesto,
        reclamo, pergunta, perguntas, perguntou, solicitação, dúvida, reclamação, vraag, vragen,
        vroeg, gevraagd, klacht, 質問, 問い合わせ, お問い合わせ, 問合せ, 相談, 问题, 提问, 咨询,
        질문, 문의, سؤال, أسئلة, استفسار, طلب, شكوى, вопрос, запрос, жалоба""",
    Part.ANSWER: """answer, answers, answered, reply, replies, replied, response, responses,
        responded, resolution, solution, completion, output, antwort, antworten, geantwortet,
        lösung, réponse, réponses, reponse, répondu, respuesta, respuestas, respondió, respondimos,
        contestación, solución, risposta, risposte, risposto, soluzione, resposta, respostas,
        respondeu, respondemos, solução, antwoord, antwoorden, geantwoord, oplossing, 回答, 返信,
        返答, 応答, 返事, 答え, 対応, 解決策, 答案, 回复, 回覆, 答复, 답변, 응답, 답장, جواب,
        جوابنا, إجابة, إجابتنا, رد, ردنا, ردود, أجاب, ответ, ответили""",
    Part.SAID: """message, messages, text, wrote, written, writes, said, says, told, words,
        content, body, statement, description, nachricht, nachrichten, schrieb, schreibt,
        geschrieben, sagte, inhalt, wortlaut, beschreibung, texte, écrit, dit, contenu, mensaje,
        mensajes, texto, escribió, dijo, contenido, descripción, messaggio, messaggi, testo,
        scritto, detto, contenuto, mensagem, mensagens, escreveu, disse, conteúdo, descrição,
        bericht, berichten, tekst, schreef, zei, inhoud, 内容, メッセージ, 本文, 文章, 文面, 発言,
        消息, 内容, 留言, 내용, 메시지, رسالة, رسائل, نص, كتب, محتوى, قال, сообщение, текст,
        написал""",
    Part.THREAD: """ticket, tickets, case, conversation, thread, chat, dialog, dialogue, session,
        e mail, email, mail, vorgang, vorgangs, fall, gespräch, unterhaltung, conversación, caso,
        conversazione, conversa, courriel, correo, メール, 邮件, 이메일, gesprek, zaak, 会話,
        チケット, 会话, 工单, 대화, تذكرة, محادثة, بريد, обращение, обращения""",
    Part.NUMBER: """id, ids, number, no, nr, ref, reference, nummer, numéro, número, numero, n,
        番号, 编号, 編號, 번호, رقم, номер""",
    Part.COMMENT: """comment, comments, feedback, kommentar, kommentare, commentaire, commentaires,
        comentario, comentarios, commento, commenti, comentário, comentários, reactie, コメント,
        评论, تعليق, تعليقات, комментарий""",
    Part.TO: "to, an, au, aux, al, ao, aos, aan, alla, إلى",
    Part.TOWARDS: "への, 宛て, 宛の, あて",
    Part.OF: """of, from, by, on, about, for, in, with, at, von, vom, des, über, zu, zur, zum, für,
        bei, de, du, d, des, par, sur, pour, avec, del, por, para, sobre, di, della, dell, dello,
        da, dal, su, per, do, dos, das, van, voor, over, door, عن, من, على, от, для""",
    Role.PREFERRED: "chosen, preferred, better, accepted",
    Role.NON_PREFERRED: "rejected, dispreferred, worse, not preferred, non preferred",
    Role.SPLIT: "split, subset, partition",
    Role.SPEAKER: """role, speaker, sender, author, rolle, sprecher, absender, rôle, expéditeur,
        rol, remitente, ruolo, mittente, papel, remetente, 役割, 話者, 送信者, 角色, роль""",
    Role.SYSTEM: """system, instruction, anweisung, consigne, instructions, persona, anweisungen,
        consignes, instrucciones, istruzioni, instruções, instructies, 指示, تعليمات, инструкции""",
    Role.NOTES: """note, notes, remark, remarks, memo, internal, intern, interne, internen,
        internes, interno, interna, internos, internas, notiz, notizen, bemerkung, bemerkungen,
        anmerkung, anmerkungen, remarque, remarques, observations, nota, notas, observaciones,
        osservazioni, observações, opmerking, opmerkingen, notitie, notities, メモ, 備考, 社内,
        备注, 備註, 메모, 비고, ملاحظة, ملاحظات, примечание""",
    Role.RATING: """rating, score, stars, satisfaction, csat, nps, bewertung, zufriedenheit,
        sterne, évaluation, satisfacción, valoración, calificación, valutazione, soddisfazione,
        avaliação, satisfação, beoordeling, tevredenheid, 評価, 満足度, 评分, 평점, تقييم,
        оценка""",
    Role.TAG: """tag, tags, category, categories, label, labels, topic, intent, type, reason,
        department, kategorie, thema, grund, abteilung, catégorie, motif, étiquette, thème,
        categoría, etiqueta, motivo, tema, tipo, categoria, etichetta, argomento, categorie, reden,
        onderwerp, カテゴリ, カテゴリー, 分類, 種別, タグ, 区分, 类别, 分类, 标签, 분류, تصنيف,
        فئة, نوع, سبب, категория, тема""",
    Role.IGNORE: """name, names, date, time, timestamp, created, updated, phone, url, link,
        address, status, language, country, channel, priority, length, count, duration, datum,
        zeit, uhrzeit, telefon, vorname, nachname, adresse, sprache, land, kanal, priorität, dauer,
        nom, prénom, heure, langue, statut, canal, téléphone, durée, fecha, hora, nombre, estado,
        idioma, prioridad, teléfono, dirección, nome, data, ora, stato, lingua, telefono, cognome,
        indirizzo, endereço, naam, tijd, taal, kanaal, telefoon, adres, 名前, 氏名, 名, 日時, 日付,
        時刻, 日, 電話, 状態, 言語, 姓名, 时间, 日期, 电话, 状态, 이름, 날짜, 시간, تاريخ, وقت,
        اسم, هاتف, حالة, لغة, имя, дата, время, статус""",
}

TERMS: dict[str, Term] = {word: term for term, words in _TERMS.items() for word in listed(words)}
"""What a word is; where it could be two things, the later one."""
