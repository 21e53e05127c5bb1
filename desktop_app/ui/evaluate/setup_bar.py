"""Which models are evaluated, what that does, and the evaluations made before."""

from urllib.parse import urlsplit

from PySide6.QtCore import QDateTime, QLocale, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QToolButton, QWidget

from desktop_app.state.chat.model_choice import ModelChoice
from desktop_app.state.evaluation.document import EvaluationDocument
from desktop_app.state.evaluation.evaluation import Evaluation
from desktop_app.ui.chat.model_box import ModelBox
from desktop_app.ui.icons import icon
from desktop_app.ui.widgets.eliding_combo_box import ElidingComboBox
from desktop_app.ui.widgets.parts import button, chip, column, label, row

NARROWEST, WIDEST = 150, 280


class SetupBar(QWidget):
    """The head of the page."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__()
        self._evaluation = evaluation
        self.tuned = ModelBox(self.tr("Tuned model"), self.tr("Choose a model"))
        self.base = ModelBox(self.tr("Compared with"))
        self.kept = ElidingComboBox()
        self.kept.setAccessibleName(self.tr("Kept evaluations"))
        self.kept.setMinimumWidth(NARROWEST)
        self.kept.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for box in (self.tuned, self.base):
            box.setMinimumWidth(NARROWEST)
            box.setMaximumWidth(WIDEST)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
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
        self._warning = label("", "small", tone="warning", wrap=True)
        title = label(self.tr("Did it learn?"), "title")
        against = label(self.tr("against"), "muted")
        head = row(title, self._count, self._changed, None, self.kept, self._trash, spacing=10)
        setup = row(self.tuned, against, self.base, None, self.run, spacing=10)
        layout = column(spacing=10)
        layout.addLayout(head)
        layout.addLayout(setup)
        layout.addLayout(column(self._where, self._warning, spacing=4))
        self.setLayout(layout)
        evaluation.changed.connect(self._fill)
        evaluation.store.changed.connect(self._fill)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        evaluation = self._evaluation
        n = evaluation.n_test
        self._count.setText(self.tr("%Ln held-out test conversation(s)", "", n))
        self._changed.setVisible(evaluation.has_test_set_changed)
        self._fill_models()
        self._fill_kept()
        self.run.setText(self.tr("Run again") if self._is_of_chosen else self.tr("Run"))
        can_run = evaluation.tuned is not None and n > 0 and not evaluation.is_running
        self.run.setEnabled(can_run)
        self._where.setText(self._where_to())
        doubt = self._doubt()
        self._warning.setText(doubt)
        self._warning.setVisible(bool(doubt))

    @property
    def _is_of_chosen(self) -> bool:
        """Whether the evaluation in front is of the models that are chosen."""
        current, chosen = self._evaluation.current, (self._evaluation.tuned, self._evaluation.base)
        return current is not None and current.is_of(each for each in chosen if each is not None)

    def _doubt(self) -> str:
        """Why the figures may flatter the tuned model, '' where nothing is known against them."""
        tuned, text = self._evaluation.tuned, ""
        if tuned is None:
            return ""
        if self._evaluation.knew_test_set:
            text = self.tr(
                "“{name}” was trained when nothing was set aside for the test. It may have learned "
                "from these very conversations, and then the figures flatter it."
            )
        elif tuned.is_from_elsewhere:
            text = self.tr(
                "“{name}” was not trained in this project. If it has learned from some of these "
                "conversations, the figures flatter it."
            )
        return text.format(name=tuned.name)

    def _fill_models(self) -> None:
        evaluation = self._evaluation
        self.tuned.offer(evaluation.choices.tuned, evaluation.tuned)
        others = [each for each in evaluation.choices.all if each != evaluation.tuned]
        self.base.offer(others, evaluation.base)
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
        day = QLocale().toString(when, "d MMM yyyy, HH:mm")
        name = document.models[0].name
        text = self.tr("{when} · {name} · %Ln conversation(s)", "", len(document.cases))
        return text.format(when=day, name=name)

    def _where_to(self) -> str:
        address = self._evaluation.sends_to
        if not address:
            return self.tr("Runs on this computer; nothing is sent.")
        host = urlsplit(address).hostname or address
        if self._evaluation.is_free:
            return self.tr("Sends them to the engine on {host}, for free.").format(host=host)
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
