"""What is said of models."""

import pytest

from desktop_app.provider.connections.engine_models import BaseModel, Licence, ModelEntry
from desktop_app.state.models.fetch_pace import FetchPace
from desktop_app.state.models.model_words import (
    back_end,
    base_facts,
    entry_facts,
    fit,
    languages,
    licence_name,
    licence_of,
    note,
    parameters,
    progress,
    size,
    state,
    title_of,
)


def test_sizes() -> None:
    assert [size(n) for n in (0, 9_940_000, 10_000_000, 999_000_000, 3_400_000_000)] == [
        "0.0 MB",
        "9.9 MB",
        "10 MB",
        "999 MB",
        "3.4 GB",
    ]
    assert [parameters(n) for n in (None, 135_000_000, 1_000_000_000, 1_540_000_000)] == [
        "",
        "135 million",
        "1 billion",
        "1.5 billion",
    ]


def test_languages_are_named_and_many_are_counted() -> None:
    assert languages(("en", "hi", "zh")) == "English, Hindi, Chinese"
    assert languages(("en", "de", "fr", "es", "it", "hi", "zh")) == (
        "English, German, French, Spanish and 3 more"
    )
    assert languages(("nowhere",)) == "nowhere"


@pytest.mark.parametrize(
    ("training", "answering", "tone"),
    [(True, True, "good"), (False, True, "warning"), (False, False, "bad")],
)
def test_whether_it_fits(training: bool, answering: bool, tone: str) -> None:
    entry = ModelEntry("m", "o/m", fits_training=training, fits_answering=answering)
    assert fit(entry)[1] == tone


def test_what_is_not_known_is_left_out() -> None:
    assert entry_facts(ModelEntry("m", "o/m")) == []
    assert base_facts(BaseModel("m"), None) == []
    assert title_of(ModelEntry("m", "o/m")) == "o/m"
    assert licence_name(Licence()) == "not stated"
    assert state(ModelEntry("m", "o/m", state="surprise")) == ("", "")


def test_speed_is_made_plain_by_a_usual_set() -> None:
    facts = dict(entry_facts(ModelEntry("m", "o/m", tokens_per_second=150.0)))
    # 100 conversations of 150 tokens, three times: 45,000 tokens at 150 a second are 5 minutes.
    assert facts == {
        "Training takes": "about 5 min for 100 short conversations and 3 passes",
    }


def test_the_engine_s_word_on_a_licence_goes_before_the_catalogue_s() -> None:
    listed = ModelEntry("m", "o/m", licence=Licence("mit", "MIT"))
    assert licence_of(BaseModel("m"), listed).name == "MIT"
    assert licence_of(BaseModel("m", licence="apache-2.0"), listed).name == "apache-2.0"
    own = Licence("gemma", "Gemma Terms")
    assert licence_of(BaseModel("m", licence=own), listed) == own


def test_the_note_below_the_choice_says_what_matters_most() -> None:
    base = BaseModel(
        "m", parameters=135_000_000, bytes=98_400_000, licence=Licence("x", "Apache 2.0")
    )
    assert note(base, None) == ("135 million parameters, 98 MB, licence: Apache 2.0", "")
    short = BaseModel("m", fits_training=False, why="It needs 6 GB more memory.")
    assert note(short, None) == ("It needs 6 GB more memory.", "warning")


def test_progress_with_speed_and_time_left() -> None:
    pace = FetchPace()
    entry = ModelEntry("m", "o/m", bytes=1_000_000_000, bytes_done=300_000_000, state="fetching")
    assert progress(entry, pace) == "300 MB of 1.0 GB"
    pace.note(0.0, 100_000_000)
    pace.note(0.5, 105_000_000)
    assert pace.bytes_per_second is None  # too short to tell
    pace.note(100.0, 300_000_000)
    assert progress(entry, pace).startswith("300 MB of 1.0 GB, 2.0 MB a second, about 6 min left")


def test_pace_forgets_what_was_before_a_new_beginning() -> None:
    pace = FetchPace()
    pace.note(0.0, 500)
    pace.note(2.0, 700)
    assert pace.bytes_per_second == 100
    assert pace.seconds_left(900) == 2
    assert pace.seconds_left(None) is None
    pace.note(3.0, 10)
    assert pace.bytes_per_second is None
    pace.note(5.0, 10)
    assert pace.seconds_left(20) is None  # it stands still: nobody knows


def test_back_ends_by_the_names_that_people_know() -> None:
    names = ("numpy_llama", "numpy", "torch", "llama_cpp", "surprise")
    assert [back_end(name) for name in names] == [
        "NumPy",
        "NumPy",
        "PyTorch",
        "llama.cpp",
        "surprise",
    ]


def test_licences_that_are_stated_by_identifier_alone_are_named() -> None:
    assert licence_name(Licence("apache-2.0", "apache-2.0")) == "Apache License 2.0"
    assert licence_name(Licence("MIT")) == "MIT License"
    assert licence_name(Licence("mit", "MIT, as changed")) == "MIT, as changed"
    assert licence_name(Licence("own-1")) == "own-1"


def test_what_was_measured_goes_before_what_was_reckoned() -> None:
    listed = ModelEntry("m", "o/m", tokens_per_second=150.0)
    facts = dict(base_facts(BaseModel("m"), listed, tokens_per_second=75.0))
    assert facts["Training takes"].startswith("about 10 min")
    assert dict(base_facts(BaseModel("m"), listed))["Training takes"].startswith("about 5 min")
    assert dict(base_facts(BaseModel("m"), None, 75.0))["Training takes"].startswith("about 10 min")
