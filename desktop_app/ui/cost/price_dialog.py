"""The prices of one model, as the user knows them better."""

from decimal import Decimal

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QWidget

from desktop_app.state.cost.cost import CostState
from desktop_app.ui.cost.number_field import dollars
from desktop_app.ui.widgets.parts import button, column, label, row

HIGHEST = 100_000.0


class PriceDialog(QDialog):
    """USD per million tokens, for training and for replies of the tuned model."""

    def __init__(self, cost: CostState, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Price of {model}").format(model=cost.choice.label))
        self._cost = cost
        self._key = cost.choice.key
        self.training = dollars(self.tr("Training"), HIGHEST)
        self.input = dollars(self.tr("Prompt (input), tuned model"), HIGHEST)
        self.output = dollars(self.tr("Reply (output), tuned model"), HIGHEST)
        self._lay_out()
        self._fill()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        for field in (self.training, self.input, self.output):
            form.addRow(field.accessibleName(), field)
        note = label(
            self.tr("US dollars per million tokens. Kept with this project, with today's date."),
            "muted",
            wrap=True,
        )
        keep = button(self.tr("Keep"), "primary")
        keep.setDefault(True)
        keep.clicked.connect(self._keep)
        cancel = button(self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        listed = button(self.tr("Use the listed price"), "quiet")
        listed.clicked.connect(self._use_listed)
        listed.setEnabled(self._cost.price_is_own)
        layout = column(note, margin=20, spacing=14)
        layout.addLayout(form)
        layout.addLayout(row(listed, None, cancel, keep))
        self.setLayout(layout)

    def _fill(self) -> None:
        price = self._cost.price
        if price is not None:
            self.training.setValue(float(price.training or 0))
            self.input.setValue(float(price.input or 0))
            self.output.setValue(float(price.output or 0))

    @Slot()
    def _keep(self) -> None:
        training, prompt, reply = (
            Decimal(f"{field.value():.2f}") for field in (self.training, self.input, self.output)
        )
        self._cost.set_price(self._key, training, prompt, reply)
        self.accept()

    @Slot()
    def _use_listed(self) -> None:
        self._cost.use_listed_price(self._key)
        self.accept()
