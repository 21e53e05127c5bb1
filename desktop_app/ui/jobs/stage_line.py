"""The stages of a job side by side: what is done, what is under way, what is to come."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QWidget

from desktop_app.core.jobs.stages import StageState
from desktop_app.state.jobs.stages import StageView
from desktop_app.ui.widgets.parts import column, label, row, set_tone

TONES = {
    StageState.DONE: "good",
    StageState.CURRENT: "accent",
    StageState.STOPPED: "bad",
    StageState.AHEAD: "",
}


class StageLine(QWidget):
    """Six stages with a bar above each."""

    def __init__(self) -> None:
        super().__init__()
        self._line = row(spacing=6)
        self.setLayout(self._line)
        self._stages: list[_Stage] = []

    def show_stages(self, views: Sequence[StageView]) -> None:
        """Word the stages anew."""
        while len(self._stages) < len(views):
            stage = _Stage()
            self._stages.append(stage)
            self._line.addWidget(stage, 1)
        for stage, view in zip(self._stages, views, strict=True):
            stage.show_stage(view)


class _Stage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._bar = QFrame()
        self._bar.setProperty("kind", "stage")
        self._title = label(kind="")
        self._detail = label(kind="small")
        self._detail.setWordWrap(True)
        self.setLayout(column(self._bar, self._title, self._detail, None, spacing=3))

    def show_stage(self, view: StageView) -> None:
        set_tone(self._bar, TONES[view.state])
        self._title.setProperty("kind", "muted" if view.state == StageState.AHEAD else "")
        self._title.style().polish(self._title)
        self._title.setText(view.title)
        self._detail.setText(view.detail)
        states = {
            StageState.DONE: self.tr("done"),
            StageState.CURRENT: self.tr("under way"),
            StageState.STOPPED: self.tr("ended here"),
            StageState.AHEAD: self.tr("to come"),
        }
        self._title.setAccessibleName(f"{view.title}: {states[view.state]}, {view.detail}")
