"""How far the evaluation in front is: while it runs, and where it ended early."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QProgressBar

from desktop_app.state.evaluation.document import FAILED
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.ui.widgets.parts import Card, button, label, row, set_tone


class RunBar(Card):
    """Hidden for an evaluation that is complete."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(margin=12, spacing=8)
        self._evaluation = evaluation
        self.told = label("", wrap=True)
        self.detail = label("", "small", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the evaluation"))
        self.cancel = button(self.tr("Cancel"))
        self.cancel.clicked.connect(evaluation.cancel)
        self.go_on = button(self.tr("Go on"), "primary")
        self.go_on.clicked.connect(self._go_on)
        line = row(self.told, self.cancel, self.go_on, spacing=10)
        line.setStretch(0, 1)
        self.body.addLayout(line)
        self.body.addWidget(self.detail)
        self.body.addWidget(self.progress)
        evaluation.changed.connect(self._fill)
        evaluation.progressed.connect(self._fill)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        evaluation, document = self._evaluation, self._evaluation.current
        running = evaluation.is_current_running
        shown = document is not None and (running or document.can_go_on)
        self.setVisible(shown)
        if document is None or not shown:
            return
        self.progress.setVisible(running)
        self.progress.setRange(0, document.n_in_all)
        self.progress.setValue(document.n_done)
        self.cancel.setVisible(running)
        self.go_on.setVisible(not running)
        self.go_on.setEnabled(not evaluation.is_running)
        self.told.setText(self._running() if running else self._ended())
        self.detail.setText(document.detail)
        self.detail.setVisible(bool(document.detail) and not running)
        set_tone(self, "" if running else "bad" if document.state == FAILED else "warning")

    def _running(self) -> str:
        document = self._evaluation.current
        if document is None or not document.n_in_all:
            return self.tr("Starting…")
        told = self.tr("{n} of {all} answered").format(n=document.n_done, all=document.n_in_all)
        left = self._evaluation.seconds_left
        return told if left is None else f"{told} · {self._left(left)}"

    def _left(self, seconds: float) -> str:
        if seconds < 90:
            return self.tr("about {n} s left").format(n=max(1, round(seconds)))
        return self.tr("about {n} min left").format(n=round(seconds / 60))

    def _ended(self) -> str:
        document = self._evaluation.current
        assert document is not None
        if document.n_done == document.n_in_all:
            return self.tr(
                "%Ln repl(ies|y) failed and are left out of the figures. Go on asks for them "
                "again.",
                "",
                document.n_problems,
            )
        told = self.tr(
            "Stopped at {n} of {all}: the figures are those of a part. Go on asks only for what "
            "is missing."
        ).format(n=document.n_done, all=document.n_in_all)
        return f"{document.problem} {told}" if document.problem else told

    @Slot()
    def _go_on(self) -> None:
        self._evaluation.resume()
