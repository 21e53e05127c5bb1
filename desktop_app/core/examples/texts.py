"""What the findings of `checks.py` say, in English; the window translates these templates.

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
        "Nothing is learned from what comes after the last reply.",
        "Remove what follows the last reply",
    ),
    "same_role_twice": FindingText(
        "Two messages in a row come from the same role",
        "Message {number} follows another one of the role {detail}. Some services reject this.",
    ),
    "empty_message": FindingText(
        "Message {number} is empty",
        "The model would learn to answer to nothing. Write it, or remove it.",
    ),
}


def fill(template: str, finding: Finding) -> str:
    """Put a finding's particulars into a template, translated or not."""
    number = "" if finding.message_index is None else str(finding.message_index + 1)
    return template.replace("{number}", number).replace("{detail}", finding.detail)
