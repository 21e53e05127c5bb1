import subprocess
import sys

import pytest
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.curve import Curve, Kept, Point
from desktop_app.ui.jobs.loss_axes import is_below, pass_ticks, top_of
from desktop_app.ui.jobs.loss_card import LossCard
from desktop_app.ui.theme import Theme

CURVE = Curve(
    training=tuple(Point(step, 3 / step) for step in range(1, 61)),
    test=(Point(20, 1.2), Point(40, 0.9)),
    kept=(Kept(1, 20, "ft:a", 1.2), Kept(2, 40, "ft:b", 0.9), Kept(3, 60, "ft:c")),
    total_steps=60,
    epochs=3,
)


@pytest.fixture
def card(qtbot: QtBot, theme: Theme) -> LossCard:
    card = LossCard(theme)
    qtbot.addWidget(card)
    card.resize(900, 350)
    card.show()
    return card


def test_pyqtgraph_is_not_loaded_before_there_is_a_curve() -> None:
    code = (
        "import sys; import desktop_app.ui.jobs.jobs_page; "
        "print([name for name in ('pyqtgraph', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_curve_is_drawn_in_the_colours_of_the_scheme(card: LossCard, theme: Theme) -> None:
    card.show_curve(Curve(), "later")
    assert card.plot is None
    card.show_curve(CURVE, "")
    assert card.plot is not None
    for scheme in ("light", "dark"):
        theme.choose(scheme)
        image = card.plot.grab().toImage()
        assert image.pixelColor(2, 2).name() == theme.colours.surface
        painted = {
            image.pixelColor(x, y).name()
            for x in range(0, image.width(), 2)
            for y in range(0, image.height(), 2)
        }
        assert theme.colours.second in painted


def test_a_curve_is_told_in_words(card: LossCard) -> None:
    card.show_curve(CURVE, "")
    text = card.accessibleDescription()
    assert text == "Training loss went from 3.00 to 0.05 in 60 steps. Held-out loss is 0.90."


def test_the_step_under_the_mouse_is_read_out(card: LossCard) -> None:
    card.show_curve(CURVE, "")
    card._read(30.4)
    assert card.reading.text() == "step 30: training 0.10, test 1.20"
    card._read(-5.0)
    assert card.reading.text() == ""
    card._read(None)
    assert card.reading.text() == ""


@pytest.mark.parametrize(
    "curve",
    [
        Curve(training=(Point(1, 0.0),)),
        Curve(test=(Point(5, 1e9),), kept=(Kept(1, 5, "m", 1e9),)),
        Curve(training=(Point(0, 1e-9), Point(10**9, 1.0))),
        Curve(training=tuple(Point(step, 1.0) for step in range(5000)), epochs=50),
    ],
)
def test_odd_curves_are_drawn(card: LossCard, curve: Curve) -> None:
    card.show_curve(curve, "")
    assert card.plot is not None
    assert not card.plot.grab().isNull()


def test_the_axis_ends_at_a_round_number() -> None:
    assert top_of([]) == 1.0
    assert top_of([Point(1, 2.85)]) == 3.0
    assert top_of([Point(1, 0.07)]) == pytest.approx(0.08)
    assert top_of([Point(1, 5.2), Point(2, 4.1), Point(3, 2.0)]) == 6.0
    spike = [Point(step, 1.0) for step in range(500)] + [Point(500, 1.8)]
    assert top_of(spike) == 1.0


def test_a_word_at_a_point_keeps_off_the_training_line() -> None:
    training = (Point(1, 3.0), Point(2, 2.4))
    assert is_below(2.0, 2, training, top=4.0)
    assert not is_below(2.6, 2, training, top=4.0)
    assert not is_below(0.1, 2, training, top=4.0)
    assert not is_below(2.0, 0, training, top=4.0)


def test_passes_are_written_where_they_end() -> None:
    assert pass_ticks(60, 3, 60) == [
        (0.0, "0"),
        (20.0, "pass 1"),
        (40.0, "pass 2"),
        (60.0, "pass 3"),
    ]
    assert len(pass_ticks(5000, 50, 5000)) <= 13
    assert pass_ticks(None, 3, 25) == [(0.0, "0"), (10.0, "10"), (20.0, "20")]
    assert len(pass_ticks(None, None, 10**9)) <= 11


def test_a_word_at_a_point_of_the_training_line_keeps_off_its_slopes() -> None:
    peak = (Point(1, 0.2), Point(2, 2.0), Point(3, 0.3))
    valley = (Point(1, 3.0), Point(2, 2.0), Point(3, 2.5))
    assert not is_below(2.0, 2, peak, top=4.0)
    assert is_below(2.0, 2, valley, top=4.0)
