"""Where the model falls short: the test conversations, worst first."""

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import QListView

from desktop_app.core.evaluation.report import CaseLine
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.state.evaluation.tables import CaseList
from desktop_app.ui.chat.two_line_delegate import TwoLineDelegate
from desktop_app.ui.theme import Theme
from desktop_app.ui.widgets.parts import Card, label, row


class CasesCard(Card):
    """`chosen` carries a CaseLine, or None when there is none."""

    chosen = Signal(object)

    def __init__(self, evaluation: Evaluation, theme: Theme) -> None:
        super().__init__(margin=0, spacing=0)
        self.setMinimumWidth(280)
        self._key = ""
        self._is_following = False
        self.cases = CaseList(evaluation, self)
        self.list = QListView()
        self.list.setProperty("kind", "plain")
        self.list.setModel(self.cases)
        roles = CaseList
        self.list.setItemDelegate(
            TwoLineDelegate(
                theme, self.list, subtitle=roles.SUBTITLE, badge=roles.BADGE, tone=roles.TONE
            )
        )
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Test conversations, worst first"))
        self.list.selectionModel().currentChanged.connect(self._choose)
        heading = label(self.tr("Where it falls short"), "heading")
        heading.setBuddy(self.list)
        head = row(heading, None, label(self.tr("worst first"), "small"))
        head.setContentsMargins(14, 14, 14, 8)
        self.body.addLayout(head)
        self.body.addWidget(self.list, 1)
        theme.changed.connect(self.list.viewport().update)
        self.cases.modelReset.connect(self._choose_again)

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        line = index.data(CaseList.LINE) if index.isValid() else None
        if isinstance(line, CaseLine):
            if not self._is_following:
                self._key = line.case.key
            self.chosen.emit(line)

    @Slot()
    def _choose_again(self) -> None:
        """Keep to the conversation that its user went to, while the order may change."""
        place = self.cases.position_of(self._key)
        if place is None and self.cases.rowCount():
            place = 0
        if place is None:
            self._key = ""
            self.chosen.emit(None)
        else:
            self._is_following = True
            self.list.setCurrentIndex(self.cases.index(place))
            self._is_following = False
