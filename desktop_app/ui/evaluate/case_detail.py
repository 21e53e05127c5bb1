"""One test conversation: what was asked, the reply wanted, and what the models answered."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget
from typing_extensions import override

from desktop_app.core.evaluation.report import CaseLine, Outcome
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.evaluation.tables import problem_text
from desktop_app.ui.chat.message_text import MessageText
from desktop_app.ui.widgets.parts import Card, column, isolated, label, row, scrolling

NARROW = 620


class CaseDetail(Card):
    """Filled with a CaseLine; scrolls where the texts are long."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(margin=0)
        self._evaluation = evaluation
        self.title = label("", "heading", wrap=True)
        self.asked = _TextCard("quiet")
        self.wanted = _TextCard("")
        self.replies = [_TextCard("reply"), _TextCard("")]
        self._cards = row(self.wanted, *self.replies, spacing=12)
        for card in (self.wanted, *self.replies):
            self._cards.setStretchFactor(card, 1)
        content = column(self.title, self.asked, margin=18, spacing=12)
        content.addLayout(self._cards)
        content.addStretch(1)
        inside = QWidget()
        inside.setLayout(content)
        self.body.addWidget(scrolling(inside))
        self._inside = inside
        self.fill(None)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Set the replies one under the other where there is no room side by side."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        is_narrow = self.width() < NARROW
        self._cards.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)

    @Slot(object)
    def fill(self, line: CaseLine | None) -> None:
        """Show a case; nothing for None."""
        self._inside.setVisible(line is not None)
        document = self._evaluation.current
        if line is None or document is None:
            return
        self.title.setText(isolated(line.case.title))
        asked = line.case.asked.strip()
        self.asked.setVisible(asked != line.case.title)
        self.asked.fill(self.tr("ASKED"), "", asked)
        self.wanted.fill(self.tr("REPLY WANTED"), "", line.case.wanted)
        for place, card in enumerate(self.replies):
            card.setVisible(place < len(document.models))
            if place < len(document.models):
                outcome = line.outcomes[place]
                text, note = self._said(outcome, line.are_exact[place])
                name = document.models[place].name.upper()
                card.fill(name, self._measured(outcome), text, note)

    def _measured(self, outcome: Outcome | None) -> str:
        if outcome is None:
            return ""
        parts = []
        if outcome.scored is not None and outcome.tokens:
            parts.append(self.tr("loss {loss}").format(loss=f"{outcome.scored.mean:.2f}"))
        if outcome.seconds is not None:
            parts.append(self.tr("{s} s").format(s=f"{outcome.seconds:.1f}"))
        return " · ".join(parts)

    def _said(self, outcome: Outcome | None, is_exact: bool | None) -> tuple[str, str]:
        """The reply, and a note under it."""
        if outcome is None:
            return "", self.tr("not asked yet")
        if outcome.problem:
            return "", problem_text(outcome.problem)
        if is_exact:
            return outcome.reply or "", self.tr("word for word")
        if outcome.was_cut:
            return outcome.reply or "", self.tr(
                "Cut here: it went on, longer than the reply wanted."
            )
        return outcome.reply or "", "" if outcome.reply else self.tr("It answered nothing.")


class _TextCard(Card):
    def __init__(self, tone: str) -> None:
        super().__init__(tone=tone, margin=14, spacing=6)
        self._name = label("", "section")
        self._measure = label("", "small")
        self.text = MessageText()
        self.text.setAccessibleName(self.tr("Reply"))
        self.note = label("", "small", wrap=True)
        self.body.addLayout(row(self._name, None, self._measure))
        self.body.addWidget(self.text)
        self.body.addWidget(self.note)
        self.body.addStretch(1)

    def fill(self, name: str, measure: str, text: str, note: str = "") -> None:
        self._name.setText(name)
        self._measure.setText(measure)
        self.text.setAccessibleName(name)
        self.text.show_text(text)
        self.text.setVisible(bool(text))
        self.note.setText(note)
        self.note.setVisible(bool(note))
