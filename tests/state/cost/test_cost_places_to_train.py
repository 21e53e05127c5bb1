from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from desktop_app.state.cost.places_to_train import NOTE, PLACE, TRAINING, Place, PlacesToTrain

HERE = Place("a", "SmolLM2 135M", "This computer", "free", "free", "about 3 min", "stays", "good")
THERE = Place("b", "GPT-4.1", "OpenAI", "$7.50", "$0.78", "–", "closes", "warning")


def test_model_is_sound(qtmodeltester: ModelTester) -> None:
    model = PlacesToTrain()
    qtmodeltester.check(model)
    model.show([HERE, THERE])
    qtmodeltester.check(model)


def test_cells_say_what_the_place_says() -> None:
    model = PlacesToTrain()
    model.show([HERE, THERE])
    assert (model.rowCount(), model.columnCount()) == (2, 6)
    assert model.index(1, TRAINING).data() == "$7.50"
    assert model.index(1, NOTE).data(PLACE) == THERE
    assert model.headerData(TRAINING, Qt.Orientation.Horizontal) == "Training"
    assert model.headerData(TRAINING, Qt.Orientation.Vertical) is None
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.data(QModelIndex()) is None
    assert model.place(2) is None
    assert model.row_of("b") == 1
    assert model.row_of("c") is None


def test_new_figures_of_the_same_models_keep_the_rows(qtbot: QtBot) -> None:
    model = PlacesToTrain()
    model.show([HERE, THERE])
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged) as changed:
        model.show([HERE, replace(THERE, training="$8.00")])
    assert changed.args is not None
    assert changed.args[0].row() == changed.args[1].row() == 1
    with qtbot.waitSignal(model.modelReset):
        model.show([THERE])
