"""Which certificate of an engine is trusted, and the question whether one is to be."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from desktop_app.provider.connections.certificates import Certificate, CertificateError
from desktop_app.ui.jobs.questions import Question
from desktop_app.ui.widgets.parts import button, column, label, row


class CertificateLine(QWidget):
    """`pem` is the certificate that is trusted, "" where the system decides.

    `trusted` comes when the user has said yes to one, `forgotten` when to none any more.
    """

    trusted = Signal()
    forgotten = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pem = ""
        self._shown: Certificate | None = None
        self.text = label(kind="small", wrap=True)
        self.forget = button(self.tr("Trust it no longer"), "link")
        layout = column(self.text, spacing=2)
        layout.addLayout(row(self.forget, None))
        self.setLayout(layout)
        self.forget.clicked.connect(self._forget)
        self.show_pem("")

    def show_pem(self, pem: str) -> None:
        """Be about a certificate, or none."""
        self.pem = pem
        self.setVisible(bool(pem))
        if pem:
            text = self.tr("Only this certificate is trusted, SHA-256:\n{fingerprint}")
            self.text.setText(text.format(fingerprint=Certificate.of(pem).fingerprint_in_lines))

    def ask(self, error: CertificateError) -> None:
        """Let the user compare what was shown at first contact."""
        self._shown = error.shown
        question = Question(
            self,
            self.tr("A certificate that nobody vouches for"),
            self.tr("Is this the engine on {host}?").format(host=error.host),
            self.tr(
                "Nobody vouches for its certificate, as is usual for an engine of one's own. Its "
                "SHA-256 fingerprint is\n\n{fingerprint}\n\nThe engine printed its fingerprint "
                "when it was started there. Trust this one only if all of it is the same. From "
                "then on any other is refused. Nothing has been sent yet."
            ).format(fingerprint=error.shown.fingerprint_in_lines),
            self.tr("It is the same: trust it"),
            self.tr("Do not connect"),
        )
        question.confirmed.connect(self._trust)
        question.open()

    @Slot()
    def _trust(self) -> None:
        if self._shown is not None:
            self.show_pem(self._shown.pem)
            self.trusted.emit()

    @Slot()
    def _forget(self) -> None:
        self.show_pem("")
        self.forgotten.emit()
