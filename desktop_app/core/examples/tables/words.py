"""What the words in headers and cells of tables mean, in the languages that we know of.

Words are compared as `plain` makes them. They are the commonest in exports of help desks and in
sets for training that others have published; the list is ours.
"""

import re
import unicodedata

from desktop_app.core.examples.conversation import ASSISTANT, ROLES, SYSTEM, TOOL, USER
from desktop_app.core.examples.tables.mapping import Role

PREFERRED, NON_PREFERRED = "preferred", "non_preferred"
"""Beside the roles of messages, what a cell may say of a reply that is compared."""

_SEPARATORS = re.compile(r"[\W_\d]+")


def plain(text: str) -> str:
    """Return the words of a short text in small letters, without digits and punctuation."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def listed(text: str) -> list[str]:
    """Return the words of a list, as `plain` makes them."""
    return [plain(word) for word in text.split(",")]


def _table(entries: dict[Role, str]) -> dict[str, Role]:
    return {word: role for role, words in entries.items() for word in listed(words)}


CERTAIN = _table(
    {
        Role.SYSTEM: """system, system prompt, system message, system instructions, instructions,
            persona, context prompt, systemnachricht, systemprompt, anweisung, anweisungen,
            instructions système, consigne, consignes, instrucciones, instrucción, istruzioni,
            instruções, システム, 指示, 系统, 系统提示, 系統, 시스템, النظام, система""",
        Role.USER: """user, user message, user prompt, user input, user text, prompt, question,
            questions, query, input, instruction, human, customer message, customer question,
            message from customer, inquiry, enquiry, utterance, request,
            frage, fragen, anfrage, kundenanfrage, kundenfrage, eingabe, nutzer, benutzer,
            question client, demande, utilisateur, requête, message client,
            pregunta, preguntas, consulta, usuario, entrada, mensaje del cliente,
            domanda, domande, richiesta, utente, pergunta, perguntas, usuário, solicitação,
            vraag, vragen, gebruiker, pytanie, pytania, użytkownik, dotaz, otázka, soru, kullanıcı,
            質問, 問い合わせ, お問い合わせ, ユーザー, 入力, プロンプト, 問題, 用户, 用戶, 问题,
            提问, 输入, 질문, 문의, 사용자, 입력, سؤال, السؤال, أسئلة, المستخدم, שאלה, משתמש,
            вопрос, вопросы, запрос, пользователь, प्रश्न, सवाल, câu hỏi, pertanyaan""",
        Role.ASSISTANT: """assistant, assistant message, assistant reply, assistant response,
            answer, answers, completion, response, output, reply, model answer, ideal answer,
            gold answer, expected output, ideal response, agent reply, agent response,
            agent message, bot, bot response, gpt, target,
            antwort, antworten, ausgabe, assistent, musterantwort,
            réponse, réponses, reponse, assistant réponse, sortie,
            respuesta, respuestas, asistente, salida, risposta, risposte, assistente, uscita,
            resposta, respostas, saída, antwoord, antwoorden, odpowiedź, odpowiedzi, odpověď,
            cevap, yanıt, asistan,
            回答, 返信, 返答, 応答, アシスタント, 出力, 答え, 答案, 回复, 回覆, 回應, 助手, 输出,
            답변, 응답, 대답, 출력, جواب, الجواب, إجابة, الإجابة, الرد, رد, תשובה, מענה,
            ответ, ответы, उत्तर, जवाब, câu trả lời, jawaban""",
        Role.PREFERRED: """chosen, preferred, preferred output, preferred completion,
            preferred response, preferred reply, better, accepted""",
        Role.NON_PREFERRED: """rejected, non preferred, not preferred, non preferred output,
            non preferred completion, rejected response, dispreferred, worse""",
        Role.SPEAKER: """role, speaker, from, sender, author type, author role, rolle, sprecher,
            absender, rôle, expéditeur, rol, remitente, ruolo, mittente, papel, remetente,
            役割, 話者, 角色, 发言人, 역할, роль, отправитель, الدور""",
        Role.ID: """id, conversation id, conversation, chat id, thread id, thread, dialog id,
            dialogue id, session id, session, ticket id, ticket number, ticket no, ticket nr,
            case id, case number, case no, case nr, conv id, group id,
            vorgang, vorgangsnummer, ticketnummer,
            gesprächs id, numéro de ticket, numéro, n de ticket, número de ticket, 会話id,
            会話番号, 番号, 会话id, 编号, 대화 id, номер, رقم""",
        Role.TAG: """tag, tags, category, categories, label, labels, topic, intent, type, queue,
            kategorie, kategorien, thema, schlagwort, schlagworte, catégorie, étiquette, sujet,
            categoría, etiqueta, etiquetas, tema, categoria, etichetta, argomento, categorie,
            onderwerp, カテゴリ, カテゴリー, タグ, 分類, 类别, 分类, 标签, 類別, 標籤, 분류, 태그,
            категория, тема, метка, تصنيف, الفئة, فئة""",
        Role.RATING: """rating, stars, quality, bewertung, sterne, qualität, note client,
            évaluation, qualité, valoración, calificación, valutazione, avaliação, beoordeling,
            評価, 评分, 評分, 평점, оценка, تقييم""",
        Role.NOTES: """note, notes, comment, comments, remark, remarks, notiz, notizen, kommentar,
            bemerkung, bemerkungen, anmerkung, commentaire, commentaires, remarque, nota, notas,
            comentario, comentarios, commento, commenti, comentário, opmerking, opmerkingen, メモ,
            備考, コメント, 备注, 備註, 메모, 비고, комментарий, примечание, ملاحظات""",
        Role.SPLIT: "split, subset, partition, used for, set, aufteilung, 分割",
        Role.SOURCE: "source, source file, quelle, fuente, fonte, 出典, 来源",
        Role.WEIGHT: "weight, learn, learn from this, gewicht",
        Role.IGNORE: """date, time, timestamp, created, created at, updated, updated at, email id,
            email address, phone, name, customer name, agent name, customer id, user id, url, link,
            datum, zeit, uhrzeit, telefon, fecha, hora, data, heure, 日付, 日時, 时间, 日期, 날짜,
            дата, время, التاريخ""",
    }
)
"""What a column with this header is, whatever stands in it."""

LIKELY = _table(
    {
        Role.USER: """customer, client, ticket, message, text, subject, body, description,
            email body, email, e mail, mail, title, problem, issue, case,
            kunde, kundin, betreff, beschreibung,
            nachricht, text des kunden, objet, cliente, asunto, mensaje, descripción, oggetto,
            messaggio, mensagem, klant, bericht, klient, клиент, сообщение, お客様, 顧客, 件名,
            本文, 客户, 客戶, 消息, 고객, العميل, رسالة, context, passage, document""",
        Role.ASSISTANT: """agent, support, resolution, solution, label text, summary, translation,
            mitarbeiter, lösung, solution proposée, agente, solución, soluzione, solução, oplossing,
            担当者, 対応, 解決策, 客服, 解决方案, 상담원, оператор, решение, الحل""",
    }
)
"""What it is if it holds sentences: the same words stand over names and numbers."""

SPEAKERS = {
    word: role
    for role, words in {
        SYSTEM: "system, instructions, developer, systemprompt, システム, 系统, 시스템, система",
        USER: """user, human, customer, client, visitor, prompter, question, requester, end user,
            guest, buyer, kunde, kundin, nutzer, benutzer, besucher, utilisateur, usuario, usuário,
            cliente, utente, klant, gebruiker, klient, ユーザー, 顧客, お客様, 用户, 客户, 客戶,
            고객, 사용자, пользователь, клиент, العميل, المستخدم, u, q""",
        ASSISTANT: """assistant, agent, bot, gpt, chatgpt, model, ai, support, operator, advisor,
            answer, staff, chatbot, helpdesk, assistent, mitarbeiter, berater, agente, asistente,
            assistente, conseiller, medewerker, konsultant, アシスタント, 担当者, オペレーター,
            助手, 客服, 상담원, 어시스턴트, ассистент, оператор, агент, المساعد, الوكيل, a""",
        TOOL: "tool, function, observation",
        PREFERRED: "preferred, chosen",
        NON_PREFERRED: "non preferred, not preferred, rejected",
    }.items()
    for word in listed(words)
}
"""Who speaks, by what a cell says of it. Names of people are not among them."""

SPLITS = {
    word: split
    for split, words in {
        "training": "training, train, trainieren, entraînement, entrenamiento, 学習, 训练, 훈련",
        "test": """test, testing, validation, valid, val, eval, evaluation, dev, holdout,
            held out, prüfung, prueba, 検証, テスト, 验证, 测试, 검증""",
    }.items()
    for word in listed(words)
}


def speaker(text: str) -> str:
    """Return the role of a message, PREFERRED or NON_PREFERRED, or '' for any other word."""
    word = plain(text)
    return SPEAKERS.get(word, word if word in ROLES else "")
