import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.ui.chat.model_box import ModelBox

OWN = ModelChoice("here", "ft:base:local:voice:1", "Voice", submission="one")
OTHER = ModelChoice("here", "ft:base:local:other:2", "Other", is_from_elsewhere=True)
BASE = ModelChoice("here", "base", "Base")
LARGER = ModelChoice("here", "larger", "Larger")


@pytest.fixture
def box(qtbot: QtBot) -> ModelBox:
    box = ModelBox("Model", "No model yet")
    qtbot.addWidget(box)
    return box


def texts(box: ModelBox) -> list[str]:
    return [box.itemText(place) for place in range(box.count())]


def test_few_models_need_no_headings(box: ModelBox) -> None:
    box.offer([OWN, BASE], OWN)
    assert texts(box) == ["Voice", "Base (not tuned)"]
    assert box.currentData() == OWN


def test_models_stand_under_where_they_come_from(qtbot: QtBot, box: ModelBox) -> None:
    box.offer([OWN, OTHER, BASE, LARGER], OWN)
    assert texts(box) == [
        "Trained in this project",
        "Voice",
        "Other tuned models",
        "Other",
        "Not tuned (base models)",
        "Base (not tuned)",
        "Larger (not tuned)",
    ]
    chosen = []
    for _ in range(3):
        qtbot.keyClick(box, Qt.Key.Key_Down)
        chosen.append(box.currentData())
    # A heading cannot be chosen.
    assert chosen == [OTHER, BASE, LARGER]


def test_no_model_is_an_entry_or_what_the_box_says(box: ModelBox) -> None:
    box.offer([OWN, OTHER], None, "no other model")
    assert (box.currentIndex(), box.currentText()) == (0, "no other model")
    box.offer([OWN, OTHER], None)
    assert box.currentIndex() == -1
    assert box.placeholderText() == "No model yet"


def test_a_model_is_the_same_by_another_name(box: ModelBox) -> None:
    box.offer([OTHER, BASE], ModelChoice("here", OTHER.model, "As it was", submission="gone"))
    assert box.currentData() == OTHER


def test_a_name_without_room_is_shortened_between_its_ends(box: ModelBox) -> None:
    long = ModelChoice("here", "ft:long", "A voice with a name too long, step 28", submission="two")
    box.resize(150, box.sizeHint().height())
    box.offer([OWN, long], OWN)
    assert box.shown_text() == "Voice"
    box.offer([OWN, long], long)
    begin, end = box.shown_text().split("…")
    assert long.name.startswith(begin)
    assert long.name.endswith(end)
    assert box.toolTip() == long.name
    box.offer([OWN], None)
    assert box.shown_text() == "No model yet"
