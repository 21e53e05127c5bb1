import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QPoint, Qt
from PySide6.QtGui import QImage, QPainter, QStandardItem, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QStyle, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.core.jobs.job import Hyperparameters
from desktop_app.core.jobs.stages import StageState
from desktop_app.state.jobs.attention import Attention, Remedial
from desktop_app.state.jobs.job_list import ROW, JobRow
from desktop_app.state.jobs.stages import StageView
from desktop_app.state.jobs.story import Happening
from desktop_app.ui.jobs.attention_card import AttentionCard
from desktop_app.ui.jobs.calm_combo_box import CalmComboBox
from desktop_app.ui.jobs.facts_card import FactsCard
from desktop_app.ui.jobs.job_delegate import JobDelegate
from desktop_app.ui.jobs.job_settings import JobSettings
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.jobs.stage_line import StageLine
from desktop_app.ui.jobs.story_card import StoryCard
from desktop_app.ui.theme import Theme


def texts(widget: QWidget) -> list[str]:
    return [each.text() for each in widget.findChildren(QLabel) if each.isVisibleTo(widget)]


def happening(number: int, **other: object) -> Happening:
    return Happening(f"e{number}", 1000.0 + number, f"line {number}", **other)  # type: ignore[arg-type]  # the test's own


def test_a_stage_tells_its_state_to_the_eye_and_to_the_ear(qtbot: QtBot) -> None:
    line = StageLine()
    qtbot.addWidget(line)
    line.show_stages([StageView("Checked", "10:41", StageState.DONE)])
    line.show_stages([StageView("Checked", "again", StageState.STOPPED)])
    title = line.findChildren(QLabel)[0]
    assert title.accessibleName() == "Checked: ended here, again"
    assert texts(line) == ["Checked", "again"]


def test_a_story_grows_at_its_top(qtbot: QtBot) -> None:
    card = StoryCard()
    qtbot.addWidget(card)
    card.show_story([], "Nothing yet.")
    assert "Nothing yet." in texts(card)
    card.show_story([happening(1)], "")
    kept = next(each for each in card.findChildren(QLabel) if each.text() == "line 1")
    card.show_story([happening(2), happening(1)], "")
    assert [text for text in texts(card) if text.startswith("line")] == ["line 1", "line 2"]
    assert kept.isVisibleTo(card)
    card.show_story([happening(7)], "")
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert [text for text in texts(card) if text.startswith("line")] == ["line 7"]


def test_a_long_story_is_cut(qtbot: QtBot) -> None:
    card = StoryCard()
    qtbot.addWidget(card)
    card.show_story([happening(n) for n in range(500, 0, -1)], "")
    assert len([text for text in texts(card) if text.startswith("line")]) == 100


def test_what_a_service_says_is_never_read_as_html(qtbot: QtBot) -> None:
    card = StoryCard()
    qtbot.addWidget(card)
    card.show_story([happening(1, original="<img src=x>")], "")
    line = next(each for each in card.findChildren(QLabel) if each.text() == "line 1")
    assert line.textFormat() == Qt.TextFormat.PlainText
    assert line.toolTip() == "&lt;img src=x&gt;"


def test_a_line_leads_to_its_model(qtbot: QtBot) -> None:
    card = StoryCard()
    qtbot.addWidget(card)
    card.show_story([happening(2, is_final=True), happening(1, step=7)], "")
    asked: list[object] = []
    card.chat_wanted.connect(asked.append)
    for link in card.findChildren(QAbstractButton):
        qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert sorted(asked, key=str) == [7, None]


def test_facts_come_and_go(qtbot: QtBot) -> None:
    card = FactsCard()
    qtbot.addWidget(card)
    card.show_facts([("Passes", "3"), ("Cost", "free")])
    card.show_facts([("Passes", "4")])
    assert texts(card) == ["THIS JOB", "Passes", "4"]


def test_attention_offers_only_what_helps(qtbot: QtBot) -> None:
    card = AttentionCard()
    qtbot.addWidget(card)
    found = Attention("warning", "Not known.", "", (Remedial.LOOK_AGAIN,))
    card.show_attention(found, busy=False)
    shown = [kind for kind, way in card.ways.items() if way.isVisibleTo(card)]
    assert shown == [Remedial.LOOK_AGAIN]
    card.show_attention(found, busy=True)
    assert not card.ways[Remedial.LOOK_AGAIN].isEnabled()
    card.show_attention(None, busy=False)
    assert card.isHidden()


@pytest.fixture
def settings(qtbot: QtBot) -> JobSettings:
    settings = JobSettings()
    qtbot.addWidget(settings)
    settings.show()
    return settings


def test_settings_left_alone_are_the_services_own(settings: JobSettings) -> None:
    assert settings.hyperparameters(None) == Hyperparameters()
    assert settings.seed_number() is None


@pytest.mark.parametrize("keys", ["abc", "-", "1e", " "])
def test_only_numbers_can_be_typed(qtbot: QtBot, settings: JobSettings, keys: str) -> None:
    qtbot.keyClicks(settings.batch_size, keys)
    chosen = settings.hyperparameters(2)
    assert chosen.batch_size in (None, 1)
    assert chosen.n_epochs == 2


def test_settings_of_another_job_are_shown(settings: JobSettings) -> None:
    settings.choose(Hyperparameters(3), None)
    assert not settings.unfold.isChecked()
    settings.choose(Hyperparameters(3, 8, 0.5), 0)
    assert settings.unfold.isChecked()
    assert settings.hyperparameters(3) == Hyperparameters(3, 8, 0.5)
    assert settings.seed_number() == 0
    assert settings.rate.text() == "0.5"


def test_how_near_a_model_stays_is_asked_of_preferences_only(settings: JobSettings) -> None:
    settings.choose(Hyperparameters(3, beta=0.25), None)
    assert settings.unfold.isChecked()
    assert not settings.beta.isVisible()
    assert settings.hyperparameters(3) == Hyperparameters(3)
    settings.show_preferences(True)
    assert settings.beta.isVisible()
    assert settings.beta.accessibleDescription().startswith("How far the model may move")
    assert settings.hyperparameters(3) == Hyperparameters(3, beta=0.25)
    settings.choose(Hyperparameters(3), None)
    assert settings.beta.text() == ""
    assert settings.beta.placeholderText() == "Automatic"


def test_scrolling_changes_no_choice(qtbot: QtBot) -> None:
    box = CalmComboBox()
    qtbot.addWidget(box)
    box.addItems(["This computer", "OpenAI"])
    place = QPoint(5, 5)
    wheel = QWheelEvent(
        place,
        box.mapToGlobal(place),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(box, wheel)
    assert box.currentText() == "This computer"


@pytest.mark.parametrize("confirms", [True, False])
def test_a_question_is_answered_and_freed(qtbot: QtBot, confirms: bool) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    question = Question(parent, "Cancel", "Cancel it?", "More.", "Cancel the job", "Let it train")
    answers: list[bool] = []
    question.confirmed.connect(lambda: answers.append(True))
    question.open()
    assert question.textFormat() == Qt.TextFormat.PlainText
    if confirms:
        qtbot.mouseClick(question.action, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(question, Qt.Key.Key_Escape)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert answers == [True] * confirms
    assert parent.findChildren(Question) == []


ROWS: list[object] = [
    JobRow("1", "Harbour voice", "OpenAI · GPT-4.1 mini", "training 62 %", "accent", "1 min left"),
    JobRow("2", "x" * 500, "y" * 500, "z" * 500, "no such tone", "w" * 500),
    JobRow("3", "", "", "", "", ""),
    JobRow("4", "خدمة العملاء", "أوبن إيه آي", "جاهز", "good", "مجاني"),
    None,
    "something else",
]


@pytest.mark.parametrize("data", ROWS)
@pytest.mark.parametrize("direction", list(Qt.LayoutDirection)[:2])
def test_any_row_can_be_painted(
    qtbot: QtBot, theme: Theme, data: object, direction: Qt.LayoutDirection
) -> None:
    view = QWidget()
    qtbot.addWidget(view)
    delegate = JobDelegate(theme, view)
    model = QStandardItemModel(view)
    item = QStandardItem()
    item.setData(data, ROW)
    model.appendRow(item)
    option = QStyleOptionViewItem()
    option.rect = QImage(300, 60, QImage.Format.Format_RGB32).rect()
    option.direction = direction
    option.state |= QStyle.StateFlag.State_Selected
    assert delegate.sizeHint(option, model.index(0, 0)).height() > 30
    image = QImage(300, 60, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0, 0))
    delegate.paint(painter, option, QModelIndex())
    painter.end()
    assert image.pixelColor(150, 2).name() == theme.colours.accent_soft
