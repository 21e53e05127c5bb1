import time

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QListView, QWidget
from pytestqt.qtbot import QtBot

from desktop_app.core.examples.conversation import Conversation, Message
from desktop_app.state.cost.cost import CostState
from desktop_app.state.jobs.plan import TunedModel
from desktop_app.state.navigation import Navigation
from desktop_app.ui.jobs.jobs_page import JobsPage
from desktop_app.ui.jobs.questions import Question
from tests.provider.scripted_service import error
from tests.state.edits import delete
from tests.state.jobs.job_bench import SERVICE, Bench, conversations
from tests.state.jobs.job_service import DROP


def press(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def begun(qtbot: QtBot, page: JobsPage, bench: Bench) -> tuple[str, str]:
    """Start a job by the form: its submission and its id."""
    press(qtbot, page.list.new_job)
    press(qtbot, page.form.start)
    submission = page.list.current
    assert submission
    return submission, bench.until_created(submission)


def question(page: JobsPage) -> Question:
    (found,) = page.findChildren(Question)
    return found


def test_without_jobs_the_page_leads_on(
    qtbot: QtBot, page: JobsPage, navigation: Navigation
) -> None:
    assert page.stack.currentWidget() is page.empty
    buttons = page.empty.findChildren(QAbstractButton)
    press(qtbot, buttons[1])
    assert navigation.tab == "cost"
    press(qtbot, buttons[0])
    assert navigation.tab == "jobs"
    assert page.stack.currentWidget() is page.form


def test_a_free_job_starts_at_once_and_is_followed_to_its_end(
    qtbot: QtBot, page: JobsPage, bench: Bench
) -> None:
    press(qtbot, page.list.new_job)
    assert page.form.name.text() == "shop v1"
    assert page.form.start.isEnabled()
    assert "12 training and 3 test conversations stay on this computer" in page.form.sent.text()
    submission, job_id = begun(qtbot, page, bench)
    assert page.findChildren(Question) == []
    assert page.stack.currentWidget() is page.detail
    assert page.detail.title.full_text == "shop v1"
    assert page.detail.loss.plot is None
    bench.service.jobs[job_id]["status"] = "running"
    for step in (1, 2, 3):
        bench.service.say(job_id, "", step=step, total_steps=6, train_loss=3 / step)
    bench.service.keep(job_id, 3, "ft:one:ckpt-step-3")
    bench.until(lambda: page.detail.loss.plot is not None)
    bench.until(lambda: page.detail.chip.text() == "training 50 %")
    assert page.detail.cancel.isVisible()
    assert not page.detail.pause.isVisible()
    bench.service.finish(job_id)
    bench.until(lambda: page.detail.chip.text() == "ready")
    asked: list[TunedModel] = []
    bench.jobs.chat_requested.connect(asked.append)
    bench.jobs.evaluate_requested.connect(asked.append)
    press(qtbot, page.detail.chat)
    press(qtbot, page.detail.evaluate)
    chats = [b for b in page.detail.story.findChildren(QAbstractButton) if b.text()]
    press(qtbot, chats[0])
    assert [model.step for model in asked] == [None, None, 3]
    assert asked[0].submission == submission
    press(qtbot, page.detail.remove)
    assert page.stack.currentWidget() is page.empty


def test_what_stands_in_the_way_is_said_beside_the_button(
    qtbot: QtBot, page: JobsPage, bench: Bench, navigation: Navigation
) -> None:
    ids = list(bench.open_project.project.ids())
    delete(bench.open_project, ids[:8])
    press(qtbot, page.list.new_job)
    assert not page.form.start.isEnabled()
    assert "at least 10" in page.form.obstacle.text()
    press(qtbot, page.form.mend)
    assert navigation.tab == "examples"
    bench.open_project.add(conversations(20, start=50))
    assert page.form.start.isEnabled()
    assert not page.form.obstacle.isVisible()
    page.form.name.setText("  ")
    assert "name" in page.form.obstacle.text()


def test_a_missing_key_leads_to_the_connections(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    page.new_job()
    bench.connections.set_active("openai")
    assert "needs a key" in page.form.obstacle.text()
    host = f"127.0.0.1:{bench.service.port}"
    assert f"sent to OpenAI ({host})" in page.form.sent.text()
    assert "14 Jan 2027" in page.form.closing.text()
    with qtbot.waitSignal(page.connections_wanted):
        press(qtbot, page.form.mend)


def test_spending_is_asked_about_with_the_sum(
    qtbot: QtBot, page: JobsPage, bench: Bench, cost: CostState
) -> None:
    bench.connections.set_key("openai", "sk-test-1234567890")
    bench.until(lambda: bench.connections.has_key("openai"))
    bench.connections.use("openai", "gpt-4.1-2025-04-14")
    page.new_job()
    page.form.passes.setCurrentIndex(9)
    page.form.passes.activated.emit(9)
    bench.until(lambda: "About $" in page.form.price.text())
    assert page.form.start.isEnabled()
    press(qtbot, page.form.start)
    asked = question(page)
    assert asked.action.text() == "Start training"
    assert asked.defaultButton() is asked.refusal
    assert "$" in asked.text()
    for words in ("gpt-4.1-2025-04-14", "12 training", "127.0.0.1", "9 passes"):
        assert words in asked.informativeText()
    press(qtbot, asked.refusal)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert page.findChildren(Question) == []
    assert bench.jobs.records() == []
    press(qtbot, page.form.start)
    press(qtbot, question(page).action)
    submission = page.list.current
    bench.until_created(submission)
    estimate = cost.estimate
    assert estimate is not None
    assert estimate.usd is not None
    assert bench.record(submission).estimate_usd == pytest.approx(float(estimate.usd))
    authorization = bench.service.created[0].headers["authorization"]
    assert authorization == "Bearer sk-test-1234567890"


def test_settings_go_into_the_request(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    page.new_job()
    press(qtbot, page.form.settings.unfold)
    assert page.form.settings.batch_size.isVisible()
    page.form.settings.batch_size.setText("300")
    assert "batch size" in page.form.obstacle.text()
    page.form.settings.batch_size.setText("4")
    page.form.settings.rate.setText("0.5")
    page.form.settings.seed.setText("11")
    page.form.with_test.setChecked(False)
    press(qtbot, page.form.start)
    bench.until_created(page.list.current)
    sent = bench.service.created[0].json
    assert sent["seed"] == 11
    assert sent["method"]["supervised"]["hyperparameters"] == {
        "batch_size": 4,
        "learning_rate_multiplier": 0.5,
    }
    assert "validation_file" not in sent


def test_examples_with_two_replies_ask_how_near_the_model_stays(
    qtbot: QtBot, page: JobsPage, bench: Bench
) -> None:
    page.new_job()
    settings = page.form.settings
    press(qtbot, settings.unfold)
    assert settings.seed.isVisible()
    assert not settings.beta.isVisible()
    question, better = (Message("user", "Is it oak?"),), (Message("assistant", "Yes."),)
    bench.open_project.add(
        [
            Conversation(
                question, preferred=better, non_preferred=(Message("assistant", f"No {n}."),)
            )
            for n in range(13)
        ]
    )
    assert settings.beta.isVisible()
    settings.beta.setText("3")
    assert page.form.obstacle.text().startswith("How near it stays (beta) is outside")
    settings.beta.setText("0.25")
    press(qtbot, page.form.start)
    bench.until_created(page.list.current)
    assert bench.service.created[0].json["method"] == {
        "type": "dpo",
        "dpo": {"hyperparameters": {"beta": 0.25}},
    }


def test_starting_anew_takes_over_what_was_asked(
    qtbot: QtBot, page: JobsPage, bench: Bench
) -> None:
    bench.service.create_faults.append((error(400, "bad suffix"), False))
    page.new_job()
    page.form.name.setText("Harbour voice")
    page.form.settings.seed.setText("11")
    press(qtbot, page.form.start)
    bench.until(lambda: page.detail.chip.text() == "not started")
    ways = page.detail.attention.ways
    press(qtbot, next(way for kind, way in ways.items() if kind == "start_anew"))
    assert page.form.name.text() == "Harbour voice"
    assert page.form.settings.seed.text() == "11"
    press(qtbot, page.form.leave)
    assert page.stack.currentWidget() is page.detail


def test_a_job_in_doubt_offers_its_ways_out(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    bench.service.create_faults.append((DROP, False))
    page.new_job()
    press(qtbot, page.form.start)
    shown = page.detail.attention.ways
    send = next(way for kind, way in shown.items() if kind == "send_again")
    look = next(way for kind, way in shown.items() if kind == "look_again")
    bench.until(send.isVisible)
    assert not page.detail.cancel.isVisible()
    press(qtbot, look)
    assert not send.isVisible()
    bench.until(send.isVisible)
    press(qtbot, send)
    bench.until_created(page.list.current)
    assert not page.detail.attention.isVisible()
    assert len(bench.service.created) == 2


def test_cancelling_little_work_asks_nothing(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    submission, job_id = begun(qtbot, page, bench)
    bench.service.jobs[job_id]["created_at"] = int(time.time())
    bench.until(lambda: (job := bench.record(submission).job) is not None and job.created_at > 9999)
    press(qtbot, page.detail.cancel)
    assert page.findChildren(Question) == []
    bench.until(lambda: page.detail.chip.text() == "cancelled")


def test_cancelling_much_work_asks(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    submission, _ = begun(qtbot, page, bench)
    press(qtbot, page.detail.cancel)
    assert bench.status(submission) == "validating_files"
    press(qtbot, question(page).action)
    bench.until(lambda: page.detail.chip.text() == "cancelled")


def test_another_project_empties_the_page(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    begun(qtbot, page, bench)
    bench.open_project.close()
    assert page.stack.currentWidget() is page.empty
    assert page.list.current == ""


def test_every_field_and_button_has_a_name(page: JobsPage) -> None:
    page.new_job()
    for widget in page.findChildren(QWidget):
        if isinstance(widget, QAbstractButton) and widget.isVisible():
            assert widget.text() or widget.accessibleName(), widget
        elif isinstance(widget, QLineEdit | QComboBox | QListView) and widget.isVisible():
            assert widget.accessibleName(), widget


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_is_painted_in_either_scheme(
    qtbot: QtBot, page: JobsPage, bench: Bench, scheme: str
) -> None:
    begun(qtbot, page, bench)
    page.detail.loss._theme.choose(scheme)
    image = page.grab().toImage()
    ground = page.detail.loss._theme.colours.accent_soft
    row = page.list.view.visualRect(page.list.view.currentIndex())
    where = page.list.view.viewport().mapTo(page, row.bottomLeft())
    assert image.pixelColor(where.x() + 8, where.y() - 4).name() == ground


def test_a_service_is_named_in_the_list(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    begun(qtbot, page, bench)
    profile = bench.connections.profile(SERVICE)
    assert profile is not None
    assert profile.name in str(page.list.view.currentIndex().data(Qt.ItemDataRole.ToolTipRole))


def test_a_finished_job_fits_a_small_window(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    _, job_id = begun(qtbot, page, bench)
    assert page.list.view.hasFocus()
    bench.service.keep(job_id, 3, "ft:one-with-a-rather-long-name:ckpt-step-3")
    bench.service.finish(job_id)
    bench.until(lambda: page.detail.chip.text() == "ready")
    page.resize(800, 430)
    qtbot.wait(20)
    ground = page.detail.widget()
    assert ground is not None
    assert ground.width() <= page.detail.viewport().width()


def test_one_conversation_with_a_problem_is_one(qtbot: QtBot, page: JobsPage, bench: Bench) -> None:
    bench.open_project.add([Conversation((Message(role="user", content="q"),))])
    press(qtbot, page.list.new_job)
    assert page.form.obstacle.text().startswith("A service would refuse one of the conversations.")
    assert not page.form.start.isEnabled()
