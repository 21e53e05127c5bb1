"""What the assessments of `should_tune.py` say, in English; the window translates them."""

from desktop_app.core.examples.should_tune import Suggestion
from desktop_app.core.examples.texts import FindingText

SHOULD_TUNE_TEXTS = {
    "few_examples": FindingText(
        "There are few examples: {detail}",
        "With fewer than 50, three to five of the best written into the instructions often do as "
        "much, at once and for nothing. Try that first, and collect more meanwhile.",
    ),
    "base_model_is_good": FindingText(
        "The model already does well without training",
        "In the evaluation it scored {detail}. Above 90 % there is little to gain; better "
        "instructions cost less.",
    ),
    "facts_to_look_up": FindingText(
        "Many replies hold facts to be looked up",
        "Of the replies, {detail} have numbers or names that stand nowhere else in the set and are "
        "not in the question. A model learns a manner well and single facts badly: it will make "
        "them up. Give it the facts with the question (retrieval).",
    ),
    "replies_differ_in_manner": FindingText(
        "The replies differ much in their manner",
        "Some are many times as long as others. Where people who wrote them do not agree on what a "
        "good reply is, a model cannot either. Write it down as instructions first.",
    ),
    "labels_to_learn": FindingText(
        "The replies are a few labels",
        "To sort texts into kinds is learned well from examples. Nothing speaks against training.",
    ),
    "manner_to_learn": FindingText(
        "There is a manner to learn",
        "There are enough examples, they agree, and they need few facts. Nothing speaks against "
        "training.",
    ),
}

SUGGESTIONS = {
    Suggestion.PROMPTING: "Try instructions first (prompting)",
    Suggestion.RETRIEVAL: "Give it the facts with the question (retrieval)",
    Suggestion.GO_AHEAD: "Go ahead",
}
