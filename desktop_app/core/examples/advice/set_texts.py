"""What findings about the whole set say, in English; the window translates these templates.

`{count}` (of conversations) and `{detail}` may stand in `title` and `reason`.
"""

from desktop_app.core.examples.advice.set_finding import SetFinding
from desktop_app.core.examples.texts import FindingText

SET_TEXTS = {
    "too_few_examples": FindingText(
        "There are too few training conversations",
        "The service takes {detail} or more for training; here are {count}. Write more, or take "
        "some back from the test.",
    ),
    "few_examples": FindingText(
        "There are fewer than {detail} training conversations",
        "Training on {count} may work, but seldom shows. 50 to 100 good ones are a fair start.",
    ),
    "mixed_kinds": FindingText(
        "Single replies and replies to compare are mixed",
        "A file is either the one (supervised) or the other (by preference, DPO). For the way of "
        "training that is chosen, {count} are of the wrong kind.",
    ),
    "only_preferences": FindingText(
        "All examples have replies to compare",
        "The way of training that is chosen learns from single replies (supervised). Choose "
        "training by preference (DPO), or keep the preferred replies alone.",
    ),
    "no_preferences": FindingText(
        "No example has replies to compare",
        "The way of training that is chosen learns from a better and a worse reply (DPO). Choose "
        "training on single replies (supervised), or write the other replies.",
    ),
    "file_too_large": FindingText(
        "The file is larger than the service takes",
        "{detail}. Leave out some conversations, or choose another service.",
    ),
    "file_may_fail": FindingText(
        "The file is large",
        "It has {detail}. The service takes it on paper, but uploads of more than 150 MB are "
        "reported to fail.",
    ),
    "duplicate": FindingText(
        "Some conversations are here more than once",
        "Exact copies: {count}, the first of each not counted. They weigh as often as they are "
        "there.",
    ),
    "near_duplicate": FindingText(
        "Some conversations are nearly the same",
        "Conversations that have others like them: {count}. Keep the best of each, unless that is "
        "meant.",
    ),
    "near_duplicates_not_looked_for": FindingText(
        "Near duplicates were not looked for",
        "With {count} conversations it would take too much of this computer’s memory. Exact copies "
        "were looked for.",
    ),
    "contradiction": FindingText(
        "Some questions have several replies",
        "Conversations with the same question and another reply elsewhere: {count}. The model "
        "learns to answer now this, now that.",
    ),
    "overlap": FindingText(
        "Some test conversations are trained on as well",
        "The same or nearly the same in training: {count}. For these the test shows memory and not "
        "what was learned. Divide the sets anew.",
    ),
    "unequal_tags": FindingText(
        "Some tags are rare",
        "Of the tags that conversations have: {detail}. What is rare is learned less well.",
    ),
    "unequal_languages": FindingText(
        "Some languages are rare",
        "Of the languages that are known: {detail}. What is rare is learned less well.",
    ),
    "unequal_lengths": FindingText(
        "A few long conversations hold most of the text",
        "The {count} longest have {detail} of all text, and weigh as much in training.",
    ),
    "many_refusals": FindingText(
        "Many replies refuse",
        "Replies that say they cannot answer: {detail}. A model learns to refuse about as often as "
        "its examples do.",
    ),
    "instructions_differ": FindingText(
        "Some instructions differ by a word or two",
        "Conversations whose instructions are nearly those of others: {count}. Make them the same, "
        "best as instructions shared by the whole project.",
    ),
    "very_long": FindingText(
        "Some conversations are far longer than the others",
        "More than 20 times as long as is usual here: {count}. One of them can weigh more than "
        "many others.",
    ),
    "too_long": FindingText(
        "Some conversations are longer than the model reads",
        "Longer than {detail} tokens: {count}. The end is cut off, which is the reply.",
    ),
    "named_genders": FindingText(
        "More is said of one sex than of the other",
        "Of the conversations that name women or men: {detail}. Whether that is right for this set "
        "is for you to say.",
    ),
    "named_nationalities": FindingText(
        "One nationality is named most",
        "Of the conversations that name people by where they are from: {detail}. Whether that is "
        "right for this set is for you to say.",
    ),
}


def fill_set(template: str, finding: SetFinding) -> str:
    """Put a finding's particulars into a template, translated or not."""
    return template.replace("{count}", f"{finding.count:,}").replace("{detail}", finding.detail)
