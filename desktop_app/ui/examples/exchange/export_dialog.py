"""How training files are to be written, and what a service will say to them."""

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QProgressBar,
    QRadioButton,
    QWidget,
)

from desktop_app.core.examples.rules import DPO, SERVICES, SUPERVISED, Rules, rules_for
from desktop_app.state.examples.exchange.exporting import TrainingExport
from desktop_app.state.examples.exchange.importing import ImportProgress
from desktop_app.state.examples.exchange.outlook import FileOutlook, Outlook, looking_ahead
from desktop_app.state.latest_task import LatestTask
from desktop_app.state.open_project import OpenProject
from desktop_app.ui.examples.exchange.refusal_texts import refusal_text, service_name
from desktop_app.ui.project_texts import describe_file_error
from desktop_app.ui.widgets.parts import Card, button, column, label, row
from desktop_app.ui.widgets.room import make_room

MEGABYTE = 1_000_000
MOST_REASONS = 6


class ExportDialog(QDialog):
    """`wanted` carries a TrainingExport; `problems_wanted` asks for what is refused, to fix it."""

    wanted = Signal(object)
    problems_wanted = Signal()

    def __init__(
        self, open_project: OpenProject, looking: LatestTask, service: str, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export training files"))
        self.setMinimumWidth(600)
        self._open_project = open_project
        self._looking = looking
        self._outlook: Outlook | None = None
        looking.setParent(self)
        self._build_fields(service)
        self._build_outlook()
        self._lay_out()
        looking.progressed.connect(self._show_progress)
        looking.done.connect(self._take)
        looking.failed.connect(self._tell_failure)
        open_project.closing.connect(self.reject)
        self.finished.connect(looking.stop)
        self._look()

    def _build_fields(self, service: str) -> None:
        self.service, self.method = QComboBox(), QComboBox()
        for each in SERVICES:
            self.service.addItem(service_name(each), each)
        self.service.setCurrentIndex(max(0, self.service.findData(service)))
        self.method.addItem(self.tr("Replies (supervised)"), SUPERVISED)
        self.method.addItem(self.tr("Which reply is preferred (DPO)"), DPO)
        self.mark = QCheckBox(self.tr("Byte-order mark (Microsoft Foundry)"))
        self.mark.setToolTip(
            self.tr("Three bytes before the text. Microsoft asks for them; others refuse them.")
        )
        self.service.currentIndexChanged.connect(self._look)
        self.method.currentIndexChanged.connect(self._look)

    def _build_outlook(self) -> None:
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(300)
        self._patience.timeout.connect(self.bar.show)
        self.holds = label(kind="heading", wrap=True)
        self.limits = label(tone="bad", wrap=True)
        self.refused = label(kind="strong", tone="bad", wrap=True)
        self.reasons = label(kind="muted")
        self.leave_out = QRadioButton(self.tr("Leave them out of the files"))
        self.keep = QRadioButton(self.tr("Write them too; the service may refuse the whole file"))
        self.leave_out.setChecked(True)
        self.leave_out.toggled.connect(self._show_outlook)
        self.show_them = button(self.tr("Show and fix them"), "small")
        self.show_them.clicked.connect(self._go_and_fix)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("For the &service"), self.service)
        form.addRow(self.tr("What is &learned"), self.method)
        form.addRow("", self.mark)
        card = Card(margin=14, spacing=8)
        for part in (self.holds, self.bar, self.limits, self.refused, self.reasons, self.leave_out,
                     self.keep):  # fmt: skip
            card.body.addWidget(part)
        card.body.addLayout(row(self.show_them, None))
        note = label(
            self.tr(
                "One conversation a line (chat JSONL), shared instructions written before each. "
                "Tags, ratings and notes stay here."
            ),
            "muted",
            wrap=True,
        )
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        self.go_on = button(self.tr("Choose where…"), "primary")
        self.go_on.clicked.connect(self._ask_where)
        layout = column(note, margin=20, spacing=14)
        layout.addLayout(form)
        layout.addWidget(card)
        layout.addStretch(1)
        layout.addLayout(row(None, cancel, self.go_on))
        self.setLayout(layout)

    @property
    def rules(self) -> Rules:
        """The rules of the service and method that are chosen."""
        return rules_for(self.service.currentData(), self.method.currentData())

    @property
    def plan(self) -> TrainingExport:
        """How the files will be written."""
        leave_out = self.leave_out.isChecked()
        return TrainingExport(self.rules if leave_out else None, self.mark.isChecked())

    @Slot()
    def _look(self) -> None:
        self._outlook = None
        self.mark.setChecked(self.rules.byte_order_mark)
        self.bar.setRange(0, 0)
        self.bar.hide()
        self._patience.start()
        self._show_outlook()
        self._looking.run(looking_ahead(self._open_project.path, self.rules))

    @Slot(object)
    def _show_progress(self, progress: ImportProgress) -> None:
        if progress.share is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(int(progress.share * 1000))

    @Slot(object)
    def _take(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._patience.stop()
        self.bar.hide()
        self._show_outlook()

    @Slot(object)
    def _tell_failure(self, error: Exception) -> None:
        self._patience.stop()
        self.bar.hide()
        self.holds.setText(describe_file_error(error, self._open_project.path.name))

    @Slot()
    def _show_outlook(self) -> None:
        outlook = self._outlook
        has_refused = outlook is not None and outlook.refused > 0
        for part in (self.refused, self.reasons, self.leave_out, self.keep, self.show_them):
            part.setVisible(has_refused)
        self.limits.setVisible(outlook is not None)
        self.go_on.setEnabled(False)
        if outlook is None:
            self.holds.setText(self.tr("Looking through the conversations…"))
            return
        leave_out = self.leave_out.isChecked()
        self.holds.setText(self._holds(outlook, leave_out=leave_out))
        limits = self._limits(outlook, leave_out=leave_out)
        self.limits.setText("\n".join(limits))
        self.limits.setVisible(bool(limits))
        self.go_on.setEnabled(outlook.training.count(leave_out=leave_out) > 0)
        if has_refused:
            self._show_refused(outlook)
        make_room(self)

    def _holds(self, outlook: Outlook, *, leave_out: bool) -> str:
        n_training = outlook.training.count(leave_out=leave_out)
        text = self.tr("%Ln conversation(s) for training (%1)", "", n_training)
        text = text.replace("%1", _megabytes(outlook.training, leave_out=leave_out))
        n_test = outlook.test.count(leave_out=leave_out)
        if n_test:
            text += self.tr(", %Ln for the test (%1)", "", n_test)
            text = text.replace("%1", _megabytes(outlook.test, leave_out=leave_out))
        return text

    def _limits(self, outlook: Outlook, *, leave_out: bool) -> list[str]:
        rules, name, said = outlook.rules, service_name(outlook.rules.service), []
        if outlook.training.count(leave_out=leave_out) < rules.least_examples:
            said.append(
                self.tr("%1 asks for %Ln or more conversations for training.", "",
                        rules.least_examples)
            )  # fmt: skip
        largest = max(file.bytes(leave_out=leave_out) for file in (outlook.training, outlook.test))
        if largest > rules.file_limit:
            said.append(
                self.tr("%1 takes files of %2 MB at most. Use fewer conversations.")
                .replace("%2", f"{rules.file_limit / MEGABYTE:,.0f}")
            )  # fmt: skip
        elif largest > rules.file_advice:
            said.append(
                self.tr("%1 is known to fail with files over %2 MB.")
                .replace("%2", f"{rules.file_advice / MEGABYTE:,.0f}")
            )  # fmt: skip
        return [text.replace("%1", name) for text in said]

    def _show_refused(self, outlook: Outlook) -> None:
        name = service_name(outlook.rules.service)
        text = self.tr("%1 would refuse %Ln of the conversations:", "", outlook.refused)
        self.refused.setText(text.replace("%1", name))
        lines = [f"{refusal_text(code)}: {n:,}" for code, n in outlook.reasons[:MOST_REASONS]]
        if len(outlook.reasons) > MOST_REASONS:
            lines.append(self.tr("and for other reasons"))
        self.reasons.setText("\n".join(lines))
        self.leave_out.setText(self.tr("Leave %Ln out of the files", "", outlook.refused))

    @Slot()
    def _ask_where(self) -> None:
        self.wanted.emit(self.plan)
        self.accept()

    @Slot()
    def _go_and_fix(self) -> None:
        self.reject()
        self.problems_wanted.emit()


def _megabytes(file: FileOutlook, *, leave_out: bool) -> str:
    size = file.bytes(leave_out=leave_out)
    return f"{size / MEGABYTE:,.1f} MB" if size >= MEGABYTE else f"{max(1, size // 1000):,} KB"
