"""Which models are evaluated, what that does, and the evaluations made before."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from PySide6.QtCore import QDateTime, QLocale, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QToolButton, QWidget

from desktop_app.state.chat.model_choices import ModelChoice
from desktop_app.state.evaluation.document import EvaluationDocument
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.ui.chat.model_bar import worded
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.parts import button, chip, column, label, row


class SetupBar(QWidget):
    """The head of the page."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self._evaluation = evaluation
        self.tuned = self._box(self.tr("Tuned model"))
        self.base = self._box(self.tr("Compared with"))
        self.kept = self._box(self.tr("Kept evaluations"))
        self.tuned.activated.connect(self._choose_tuned)
        self.base.activated.connect(self._choose_base)
        self.kept.activated.connect(self._choose_kept)
        self.run = button("", "primary")
        self.run.clicked.connect(self._run)
        self.delete = QAction(icon("trash-2"), self.tr("Delete this evaluation"), self)
        self.delete.triggered.connect(self._delete)
        self._trash = QToolButton()
        self._trash.setDefaultAction(self.delete)
        self._count = label("", "muted")
        self._changed = chip(self.tr("the test set has changed since"), "warning")
        self._where = label("", "small", wrap=True)
        self._where.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        self._warning = label("", "small", tone="warning", wrap=True)
        title = label(self.tr("Did it learn?"), "title")
        against = label(self.tr("against"), "muted")
        head = row(title, self._count, self._changed, None, self.kept, self._trash, spacing=10)
        setup = row(self.tuned, against, self.base, self._where, self.run, spacing=10)
        setup.setStretchFactor(self._where, 1)
        layout = column(spacing=10)
        layout.addLayout(head)
        layout.addLayout(setup)
        layout.addWidget(self._warning)
        self.setLayout(layout)
        evaluation.changed.connect(self._fill)
        evaluation.store.changed.connect(self._fill)
        self._fill()

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setMinimumWidth(150)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    @Slot()
    def _fill(self) -> None:
        evaluation = self._evaluation
        n = evaluation.n_test
        self._count.setText(self._counted(n))
        self._changed.setVisible(evaluation.has_test_set_changed)
        self._fill_models()
        self._fill_kept()
        self.run.setText(self.tr("Run again") if evaluation.store.documents else self.tr("Run"))
        can_run = evaluation.tuned is not None and n > 0 and not evaluation.is_running
        self.run.setEnabled(can_run)
        self._where.setText(self._where_to())
        knew = evaluation.knew_test_set
        self._warning.setVisible(knew)
        if knew and evaluation.tuned is not None:
            text = self.tr(
                "“{name}” was trained when nothing was set aside for the test. It may have learned "
                "from these very conversations, and then the figures flatter it."
            )
            self._warning.setText(text.format(name=evaluation.tuned.name))

    def _counted(self, n: int) -> str:
        if n == 1:
            return self.tr("1 held-out test conversation")
        return self.tr("{n} held-out test conversations").format(n=f"{n:,}")

    def _fill_models(self) -> None:
        evaluation = self._evaluation
        _offer(self.tuned, evaluation.choices.tuned, evaluation.tuned)
        others = [each for each in evaluation.choices.all if each != evaluation.tuned]
        _offer(self.base, others, evaluation.base)
        for box in (self.tuned, self.base):
            box.setEnabled(box.count() > 0 and not evaluation.is_running)

    def _fill_kept(self) -> None:
        documents = self._evaluation.store.documents
        current = self._evaluation.current
        self.kept.clear()
        for document in documents:
            self.kept.addItem(self._dated(document), document.id)
        if current is not None:
            self.kept.setCurrentIndex(self.kept.findData(current.id))
        self.kept.setVisible(bool(documents))
        self._trash.setVisible(bool(documents))
        self.delete.setEnabled(current is not None)

    def _dated(self, document: EvaluationDocument) -> str:
        when = QDateTime.fromSecsSinceEpoch(int(document.created_at))
        day = QLocale.system().toString(when, QLocale.FormatType.ShortFormat)
        name = document.models[0].name
        return self.tr("{when} · {name} · {n} conversations").format(
            when=day, name=name, n=len(document.cases)
        )

    def _where_to(self) -> str:
        address = self._evaluation.sends_to
        if not address:
            return self.tr("Runs on this computer; nothing is sent.")
        host = urlsplit(address).hostname or address
        return self.tr("Sends them to {host}, which may charge for it.").format(host=host)

    @Slot(int)
    def _choose_tuned(self, place: int) -> None:
        choice = self.tuned.itemData(place)
        if isinstance(choice, ModelChoice):
            self._evaluation.choose_tuned(choice)

    @Slot(int)
    def _choose_base(self, place: int) -> None:
        choice = self.base.itemData(place)
        if isinstance(choice, ModelChoice):
            self._evaluation.choose_base(choice)

    @Slot(int)
    def _choose_kept(self, place: int) -> None:
        self._evaluation.select(self.kept.itemData(place))

    @Slot()
    def _run(self) -> None:
        self._evaluation.run()

    @Slot()
    def _delete(self) -> None:
        if self._evaluation.current is not None:
            self._evaluation.delete(self._evaluation.current.id)


def _offer(box: QComboBox, choices: Sequence[ModelChoice], chosen: ModelChoice | None) -> None:
    box.clear()
    for choice in choices:
        box.addItem(worded(box, choice), choice)
        if choice == chosen:
            box.setCurrentIndex(box.count() - 1)
