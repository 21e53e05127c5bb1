"""“Should I tune at all?”: a short, honest answer before money or an evening is spent."""

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QDialog, QWidget

from desktop_app.background.task import Task
from desktop_app.background.task_runner import TaskRunner
from desktop_app.core.examples.should_tune import Assessment, Suggestion
from desktop_app.core.examples.should_tune_texts import SHOULD_TUNE_TEXTS, SUGGESTIONS
from desktop_app.state.examples.tuning_screen import assessing
from desktop_app.state.open_project import OpenProject
from desktop_app.ui.examples.dialogs.fitting import fit_height
from desktop_app.ui.widgets.parts import Card, button, chip, column, label, row, scrolling

WIDTH = 600
TONES = {Suggestion.GO_AHEAD: "good", Suggestion.PROMPTING: "warning"}


class TuningDialog(QDialog):
    """Asks when it opens; the answer is a card for each reason."""

    def __init__(
        self, open_project: OpenProject, runner: TaskRunner, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Should I tune at all?"))
        self.resize(WIDTH, 200)
        self.said = label(self.tr("Looking at the training conversations…"), "muted", wrap=True)
        self._cards = column(self.said, spacing=12)
        inside = QWidget()
        inside.setLayout(self._cards)
        self._scroll = scrolling(inside)
        close = button(self.tr("Close"))
        close.clicked.connect(self.accept)
        layout = column(self._scroll, margin=18, spacing=12)
        layout.addLayout(row(None, close))
        self.setLayout(layout)
        self._task: Task = runner.run_blocking(assessing(open_project.path))
        self._task.succeeded.connect(self._show)
        self._task.failed.connect(self._tell_failure)
        self.finished.connect(self._task.cancel)
        open_project.closing.connect(self.reject)

    @Slot(object)
    def _show(self, assessments: list[Assessment]) -> None:
        self.said.setText(
            self.tr(
                "Training teaches a manner: a form, a voice, a way of deciding. This is what your "
                "training conversations say for and against it."
            )
        )
        for assessment in assessments:
            card = _card(assessment)
            self._cards.addWidget(card)
            # At once: a layout passes over what is not shown yet.
            card.show()
        self._cards.addStretch(1)
        fit_height(self, self._scroll)

    @Slot(object)
    def _tell_failure(self, _error: Exception) -> None:
        self.said.setText(self.tr("The conversations could not be read."))


def _card(assessment: Assessment) -> Card:
    texts = SHOULD_TUNE_TEXTS[assessment.code]
    suggestion = assessment.suggestion
    card = Card(margin=14, spacing=6)
    card.body.addLayout(
        row(chip(_translated(SUGGESTIONS[suggestion]), TONES.get(suggestion, "accent")), None)
    )
    card.body.addWidget(label(_filled(texts.title, assessment), "strong", wrap=True))
    card.body.addWidget(label(_filled(texts.reason, assessment), "small", wrap=True))
    return card


def _filled(template: str, assessment: Assessment) -> str:
    return _translated(template).replace("{detail}", assessment.detail)


def _translated(text: str) -> str:
    return QCoreApplication.translate("ShouldTune", text)
