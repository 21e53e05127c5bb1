"""What findings and advice on a conversation say, in English; the window translates it.

`{detail}` and `{number}` (of the message, from 1) may stand in `title` and `reason`.
"""

from dataclasses import dataclass

from desktop_app.core.examples.checks import Finding


@dataclass(frozen=True, slots=True)
class FindingText:
    """A title, why it matters and what to do, and the name of the one-click fix, '' if none."""

    title: str
    reason: str
    fix: str = ""


TEXTS = {
    "no_messages": FindingText(
        "There are no messages",
        "An example needs a question and a reply. Write them, or delete the conversation.",
    ),
    "no_learned_reply": FindingText(
        "There is no reply to learn from",
        "The service rejects an example without an assistant message to learn from. Add a reply, "
        "or mark one with “learn from this”.",
    ),
    "empty_reply": FindingText(
        "The reply in message {number} is empty",
        "The service rejects a file with an empty reply. Write it, or remove the turn.",
        "Remove the last two turns",
    ),
    "missing_content": FindingText(
        "Message {number} has no text",
        "The service rejects a message without text. Write it, or remove the message.",
    ),
    "developer_role": FindingText(
        "Message {number} has the role “developer”",
        "Training takes instructions under the role “system” only.",
        "Make it system instructions",
    ),
    "unknown_role": FindingText(
        "Message {number} has the unknown role “{detail}”",
        "The service knows system, user, assistant and tool. Choose one of them.",
    ),
    "bad_weight": FindingText(
        "The weight {detail} in message {number} is not possible",
        "The service takes 1 (learn from this) and 0 (do not), nothing between.",
        "Round it to 0 or 1",
    ),
    "weight_on_non_assistant": FindingText(
        "Message {number} has a weight",
        "The service takes a weight on assistant messages only; nothing is learned from others.",
        "Remove the weight",
    ),
    "unknown_key": FindingText(
        "The key “{detail}” is not known",
        "The service rejects a file with keys that it does not know.",
        "Remove unknown keys",
    ),
    "unknown_part": FindingText(
        "Message {number} has a part of the kind “{detail}”",
        "The service takes text and images only. Remove the part.",
    ),
    "image_in_assistant": FindingText(
        "The reply in message {number} has an image",
        "The service takes images from the user only.",
        "Remove the image",
    ),
    "special_token": FindingText(
        "Message {number} has the text {detail}",
        "Models mark the ends of messages with it, so the service rejects it in a text.",
        "Remove this text",
    ),
    "bad_function_name": FindingText(
        "The function name “{detail}” is not possible",
        "A function name has at most 64 letters, digits, _ and -.",
    ),
    "arguments_not_json": FindingText(
        "The arguments of “{detail}” in message {number} are not JSON",
        "The service rejects a call whose arguments are not a JSON object. Correct them.",
    ),
    "tools_not_json": FindingText(
        "The list of tools is not JSON",
        "The service rejects it unless it is a JSON list of objects. Correct it.",
    ),
    "tool_call_unanswered": FindingText(
        "A call in message {number} has no answer",
        "The call {detail} must be followed by a tool message that answers it.",
    ),
    "tool_answer_without_call": FindingText(
        "Message {number} answers no call",
        "A tool message must follow an assistant message with a call of the same id.",
    ),
    "last_not_assistant": FindingText(
        "The last message is not a reply",
        "Nothing is learned from what comes after the last reply, and some services reject it.",
        "Remove what follows the last reply",
    ),
    "same_role_twice": FindingText(
        "Two messages in a row come from the same role",
        "Message {number} follows another one of the role {detail}. Some services reject this.",
        "Join the two messages",
    ),
    "empty_message": FindingText(
        "Message {number} is empty",
        "The model would learn to answer to nothing. Write it, or remove it.",
    ),
    "image_address": FindingText(
        "The image in message {number} is nowhere to be found",
        "The service takes an image from a web address, or written into the example itself (a data "
        "URL). A file on this computer is neither. Choose the image again.",
    ),
    "image_format": FindingText(
        "The image in message {number} has the format {detail}",
        "The service takes JPEG, PNG and WEBP. Save the image as one of them.",
    ),
    "image_too_large": FindingText(
        "The image in message {number} is larger than 10 MB",
        "The service passes over an example with such an image. Make it smaller.",
    ),
    "images_not_taken": FindingText(
        "Message {number} has an image",
        "What you train with reads text only. Remove the image, or choose another service.",
        "Remove the image",
    ),
    "too_many_images": FindingText(
        "There are more than {detail} images",
        "The service takes at most {detail} images in an example. Remove some.",
    ),
    "preference_example": FindingText(
        "There are two replies to compare",
        "This training learns from one reply (supervised). Keep the preferred one, or train by "
        "preference (DPO).",
        "Keep the preferred reply",
    ),
    "no_replies_to_compare": FindingText(
        "There are no two replies to compare",
        "Training by preference (DPO) learns from a better and a worse reply to the same question. "
        "Write the other reply, or train on single replies (supervised).",
    ),
    "no_preferred_reply": FindingText(
        "The preferred reply is missing",
        "The service compares two replies. Write the better one.",
    ),
    "no_other_reply": FindingText(
        "The reply that is not preferred is missing",
        "The service compares two replies. Write the worse one.",
    ),
    "several_replies": FindingText(
        "There are {detail} messages where one reply belongs",
        "The service compares one message with one other. Keep one of them.",
    ),
    "reply_not_assistant": FindingText(
        "A reply to compare has the role “{detail}”",
        "Both replies come from the assistant. Change the role of message {number}.",
        "Make it the assistant’s",
    ),
    "question_not_last": FindingText(
        "The replies answer no question",
        "The message before the two replies has to come from the user.",
    ),
    "replies_equal": FindingText(
        "Both replies are the same",
        "Nothing is learned from a choice between equals. Change one of them.",
    ),
    "too_long": FindingText(
        "The conversation is longer than the model reads",
        "The end is cut off in training, and the end is the reply. Shorten it, or divide it.",
    ),
    "cut_off": FindingText(
        "Message {number} is cut off",
        "The conversation is longer than the model reads: {detail} of message {number} are read, "
        "and nothing after it. The end is the reply. Shorten it, or divide it.",
    ),
    "edge_space": FindingText(
        "Message {number} begins or ends with space",
        "The model learns to write it too. It is seldom meant.",
        "Remove the space",
    ),
    "broken_characters": FindingText(
        "Message {number} has characters that were read wrongly",
        "Somewhere on its way the text was read in another encoding (mojibake), so that “Ã©” "
        "stands where “é” stood.",
        "Repair the characters",
    ),
    "refusal": FindingText(
        "The reply refuses",
        "A set with many refusals teaches to refuse where an answer is possible. Keep those that "
        "are meant.",
    ),
    "short_reply": FindingText(
        "The reply is hardly a word",
        "A model learns little from a reply this short, unless it is a label that is meant so.",
    ),
    "mixed_languages": FindingText(
        "Question and reply are in different languages",
        "They seem to be in {detail}. The model learns to answer so; keep it where it is meant, as "
        "in translation.",
    ),
    "email_address": FindingText(
        "An e-mail address may be in here",
        "Message {number} has {detail}. A tuned model can repeat what it was trained on.",
        "Mask it",
    ),
    "phone_number": FindingText(
        "A phone number may be in here",
        "Message {number} has {detail}. A tuned model can repeat what it was trained on.",
        "Mask it",
    ),
    "card_number": FindingText(
        "A card number may be in here",
        "Message {number} has digits that pass the check of a payment card. A tuned model can "
        "repeat what it was trained on.",
        "Mask it",
    ),
    "iban": FindingText(
        "A bank account number may be in here",
        "Message {number} has an account number (IBAN) that passes its check. A tuned model can "
        "repeat what it was trained on.",
        "Mask it",
    ),
    "secret_key": FindingText(
        "A secret key may be in here",
        "Message {number} has what looks like a key of a service. Whoever reads it can use it. "
        "Mask it here, and have the key replaced where it is from.",
        "Mask it",
    ),
    "password": FindingText(
        "A password may be in here",
        "Message {number} has a word behind “password” or the like. A tuned model can repeat what "
        "it was trained on.",
        "Mask it",
    ),
    "duplicate": FindingText(
        "The same conversation is here more than once",
        "It counts as often as it stands there. Delete the others, unless that is meant.",
    ),
    "near_duplicate": FindingText(
        "Another conversation is nearly the same",
        "Together they count more than others do. Keep the better one, unless both are meant.",
    ),
    "contradiction": FindingText(
        "The same question has another reply elsewhere",
        "The model learns to answer now this, now that. Decide on one of them.",
    ),
    "overlap": FindingText(
        "It is trained on and tested with",
        "The same or nearly the same conversation is in both sets, so the test shows memory and "
        "not what was learned. Divide the sets anew, or delete one.",
    ),
    "instructions_differ": FindingText(
        "The instructions differ from others by a word or two",
        "The model takes them for different instructions. Make them the same, best as instructions "
        "shared by the whole project.",
    ),
    "very_long": FindingText(
        "It is far longer than the others",
        "One long conversation can weigh more than many short ones. Shorten it, or leave it if it "
        "is meant.",
    ),
}


def fill(template: str, finding: Finding) -> str:
    """Put a finding's particulars into a template, translated or not."""
    number = "" if finding.message_index is None else str(finding.message_index + 1)
    return template.replace("{number}", number).replace("{detail}", finding.detail)
