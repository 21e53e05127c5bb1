"""One service elsewhere: its name, address and key, and a test of them."""

import uuid
from typing import Literal
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget
from typing_extensions import override

from desktop_app.background.task import Task
from desktop_app.provider.connections.certificates import CertificateError
from desktop_app.provider.connections.profile import ConnectionKind, ConnectionProfile
from desktop_app.provider.provider import ErrorKind, ModelInfo, ProviderError
from desktop_app.state.connections.closing_dates import closing_note
from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.provider_texts import describe
from desktop_app.state.connections.service_address import AddressProblem, problem_with, tidied
from desktop_app.storage.settings import ConnectionSettings
from desktop_app.ui.connections.certificate_line import CertificateLine
from desktop_app.ui.connections.disk_line import DiskLine
from desktop_app.ui.connections.engine_facts import engine_facts
from desktop_app.ui.connections.key_field import KeyField
from desktop_app.ui.connections.status_words import tone, word
from desktop_app.ui.jobs.calm_combo_box import CalmComboBox
from desktop_app.ui.widgets.parts import Card, button, chip, column, label, row, set_tone

DEFINITE = (ErrorKind.WRONG_KEY, ErrorKind.NO_KEY)
"""What a test finds that waiting does not mend: such a key is not kept."""


class ServicePane(QWidget):
    """Edits a connection, or makes a new one; nothing is kept before a test or an explicit wish.

    `models_wanted` names the connection of an engine whose models are to be shown.
    """

    saved = Signal(str)
    models_wanted = Signal(str)

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections
        self._profile: ConnectionProfile | None = None
        self._testing: Task | None = None
        self.title = label(kind="title")
        self.status = chip()
        self.closing = Card(tone="warning", margin=12, spacing=4)
        self.closing_text = label(wrap=True)
        self.kind = CalmComboBox()
        self.kind.addItem(self.tr("A service that speaks OpenAI's protocol"), ConnectionKind.OTHER)
        self.kind.addItem(self.tr("Exemplar engine on another computer"), ConnectionKind.ENGINE)
        self.name = QLineEdit()
        self.address = QLineEdit()
        self.key = KeyField(connections)
        self.how = label(
            self.tr(
                "On the other computer, “exemplar-engine serve --listen 0.0.0.0:8443 "
                "--self-signed” starts it and prints the fingerprint of its certificate; "
                "“exemplar-engine token” prints the token."
            ),
            "muted",
            wrap=True,
        )
        self.certificate = CertificateLine()
        self.facts = label(kind="muted", wrap=True)
        self.disk = DiskLine()
        self.models_button = button(self.tr("Models…"))
        self.result = label(wrap=True)
        self.detail = label(kind="small", wrap=True)
        self.test_button = button(self.tr("Test and keep"), "primary")
        self.keep_button = button(self.tr("Keep without testing"))
        self.remove_button = button(self.tr("Remove this connection"))
        self._lay_out()
        self.test_button.clicked.connect(self.test)
        self.keep_button.clicked.connect(self._keep)
        self.remove_button.clicked.connect(self._remove)
        self.key.removal_wanted.connect(self._remove_key)
        for field in (self.name, self.address, self.key.edit):
            field.returnPressed.connect(self.test)
        self.kind.activated.connect(self._refresh)
        self.certificate.trusted.connect(self.test)
        self.certificate.forgotten.connect(self._keep_certificate)
        self.models_button.clicked.connect(self._want_models)
        self.address.textChanged.connect(self._address_edited)
        connections.changed.connect(self._refresh)
        self.show_adding()

    def _lay_out(self) -> None:
        self.closing.body.addWidget(self.closing_text)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(10)
        self._kind_caption = self._add_field(self.tr("Kind"), self.kind)
        self._name_caption = self._add_field(self.tr("Name"), self.name)
        self._address_caption = self._add_field(self.tr("Address (base URL)"), self.address)
        self._key_caption = self._add_field(self.tr("Key"), self.key)
        answer = column(self.certificate, self.result, self.detail, spacing=6)
        answer.addLayout(row(self.test_button, self.keep_button, None))
        self._grid.addLayout(answer, self._grid.rowCount(), 1)
        layout = column(spacing=14)
        layout.addLayout(row(self.title, self.status, None))
        layout.addWidget(self.closing)
        layout.addWidget(self.how)
        layout.addLayout(self._grid)
        layout.addWidget(self.facts)
        layout.addWidget(self.disk)
        layout.addLayout(row(self.models_button, None))
        layout.addStretch()
        layout.addLayout(row(self.remove_button, None))
        self.setLayout(layout)

    def _add_field(self, text: str, field: QWidget) -> QLabel:
        caption = label(text, "muted")
        caption.setFixedHeight(self.name.sizeHint().height())
        caption.setBuddy(field)
        field.setAccessibleName(text)
        place = self._grid.rowCount()
        self._grid.addWidget(caption, place, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(field, place, 1)
        return caption

    # What it is about

    def show_profile(self, profile: ConnectionProfile) -> None:
        """Be about a connection that is there."""
        if self._profile is None or profile.id != self._profile.id:
            self._start(profile)
        else:
            self._profile = profile
        self._refresh()

    def show_adding(self) -> None:
        """Be about one that is not there yet."""
        self._start(None)
        self._refresh()

    def _start(self, profile: ConnectionProfile | None) -> None:
        self._profile = profile
        self._stop_testing()
        self._say("")
        self.key.clear()
        is_openai = profile is not None and profile.kind is ConnectionKind.OPENAI
        self.name.setText(profile.name if profile else "")
        self.address.setText(profile.base_url if profile else "")
        self.name.setVisible(not is_openai)
        self._name_caption.setVisible(not is_openai)
        self.address.setEnabled(not is_openai)
        self.remove_button.setVisible(profile is not None and not is_openai)
        self.kind.setCurrentIndex(
            self.kind.findData(ConnectionKind.ENGINE if is_away(profile) else ConnectionKind.OTHER)
        )
        for part in (self.kind, self._kind_caption):
            part.setVisible(profile is None)
        self.certificate.show_pem(profile.certificate if profile else "")
        if profile is not None:
            self._connections.keys.look(profile.base_url)

    @Slot()
    def _refresh(self) -> None:
        profile = self._profile
        self.title.setText(profile.name if profile else self.tr("A new connection"))
        self.status.setVisible(profile is not None)
        note = ""
        if profile is not None:
            status = self._connections.status_of(profile.id)
            self.status.setText(word(status))
            set_tone(self.status, tone(status))
            note = closing_note(profile, self._connections.today())
        self.closing.setVisible(bool(note))
        stays = self.tr("What you train on this computer goes on working.")
        self.closing_text.setText(f"{note}\n{stays}")
        self._refresh_engine()
        self._address_edited()

    def _refresh_engine(self) -> None:
        is_engine = self._kind is ConnectionKind.ENGINE
        self._address_caption.setText(
            self.tr("Address (host)") if is_engine else self.tr("Address (base URL)")
        )
        example = "gpu-box, gpu-box:8443" if is_engine else "https://api.example.com/v1"
        self.address.setPlaceholderText(example)
        self._key_caption.setText(self.tr("Token") if is_engine else self.tr("Key"))
        self.key.call_it(token=is_engine)
        self.how.setVisible(is_engine and self._profile is None)
        profile = self._profile
        models = self._connections.models_at(profile.id) if is_away(profile) and profile else None
        status = models.status if models else None
        self.models_button.setVisible(models is not None)
        self.facts.setText(engine_facts(status, is_here=False) if status else "")
        self.facts.setVisible(status is not None)
        disk = self._connections.engines.disk(profile.id) if profile and status else None
        self.disk.show_disk(disk)
        if self.isVisible():
            self.disk.look_once()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.disk.look()

    @property
    def _kind(self) -> ConnectionKind:
        return ConnectionKind(self.kind.currentData())

    @property
    def _typed_address(self) -> str:
        return tidied(self.address.text(), self._kind)

    @Slot()
    def _address_edited(self) -> None:
        address = self._typed_address
        fine = problem_with(address) is None
        self.key.show_for(address if fine else "", urlsplit(address).hostname or "" if fine else "")

    # Testing and keeping

    @Slot()
    def test(self) -> None:
        """Ask the service for its models, and keep address and key if it answers."""
        if self._testing is not None or not self._check_address():
            return
        self._say(self.tr("Asking the service for its models…"))
        self.test_button.setEnabled(False)
        self._testing = self._connections.test(
            self._typed_address, self.key.typed, self._kind, self.certificate.pem
        )
        self._testing.succeeded.connect(self._works)
        self._testing.failed.connect(self._fails)

    @Slot(object)
    def _works(self, models: list[ModelInfo]) -> None:
        self._stop_testing()
        has_new_key = self.key.typed is not None
        self._keep()
        profile, active = self._profile, self._connections.active
        if profile and is_away(profile) and profile != active and not has_new_key:
            # With a new key it is asked once that is stored, and the active one always is.
            self._connections.look_at(profile.id)
        n = len(models)
        text = self.tr("It works: the service answered and lists %Ln model(s). Kept.", "", n)
        self._say(text, tone="good")

    @Slot(object)
    def _fails(self, error: Exception) -> None:
        self._stop_testing()
        if not isinstance(error, ProviderError):
            raise error
        text, detail = describe(error)
        if error.kind is ErrorKind.NO_KEY:
            text = self.tr("Enter the key that the service has given you.")
            if self._kind is ConnectionKind.ENGINE:
                text = self.tr(
                    "Enter the token of the engine. There, “exemplar-engine token” prints it."
                )
        self._say(text, detail, tone="bad")
        if isinstance(error, CertificateError):
            if error.trusted is None:
                self.certificate.ask(error)
            elif self._profile == self._connections.active:
                self._connections.refresh()  # It cannot be ready any more.
            return
        self.keep_button.setVisible(error.kind not in DEFINITE)
        if error.kind in DEFINITE:
            self.key.edit.setFocus()
            self.key.edit.selectAll()

    @Slot()
    def _keep(self) -> None:
        if not self._check_address():
            return
        typed, connection_id = self.key.typed, self._save()
        if typed is not None:
            self._connections.set_key(connection_id, typed)
        self.key.clear()
        self._say(self.tr("Kept."))
        self.saved.emit(connection_id)

    def _save(self) -> str:
        profile = self._profile
        if profile is not None and profile.kind is ConnectionKind.OPENAI:
            return profile.id
        address = self._typed_address
        name = self.name.text().strip() or urlsplit(address).hostname or address
        connection_id = profile.id if profile else uuid.uuid4().hex[:8]
        kind: Literal["engine", "other"] = "other"
        if self._kind is ConnectionKind.ENGINE:
            kind = "engine"
        settings = ConnectionSettings(connection_id, kind, name, address, self.certificate.pem)
        self._connections.save(settings)
        self._profile = self._connections.profile(connection_id)
        self.name.setText(name)
        self.address.setText(address)
        for part in (self.kind, self._kind_caption):
            part.hide()
        self.remove_button.setVisible(True)
        return connection_id

    @Slot()
    def _keep_certificate(self) -> None:
        if self._profile is not None:
            self._save()
            self._say(self.tr("It is trusted no longer. Test the connection to compare anew."))

    @Slot()
    def _want_models(self) -> None:
        if self._profile is not None:
            self.models_wanted.emit(self._profile.id)

    @Slot()
    def _remove(self) -> None:
        if self._profile is not None:
            self._connections.remove(self._profile.id)
            self.saved.emit(self._connections.active.id)

    @Slot()
    def _remove_key(self) -> None:
        if self._profile is not None:
            self._connections.remove_key(self._profile.id)
            self.key.clear()
            self._say(self.tr("The key was removed from this computer."))

    def _check_address(self) -> bool:
        problem = problem_with(self._typed_address)
        texts = {
            AddressProblem.NOT_AN_ADDRESS: self.tr(
                "This is no web address. It should look like https://api.example.com/v1, without "
                "a password or a question mark in it."
            ),
            AddressProblem.NOT_ENCRYPTED: self.tr(
                "Only addresses that begin with https:// are taken, because otherwise anyone on "
                "the way could read the key and the examples. An address on this computer may "
                "begin with http://."
            ),
        }
        if problem is not None:
            self._say(texts[problem], tone="bad")
            self.address.setFocus()
        return problem is None

    def _stop_testing(self) -> None:
        if self._testing is not None:
            self._testing.succeeded.disconnect(self._works)
            self._testing.failed.disconnect(self._fails)
            self._testing.cancel()
            self._testing = None
        self.test_button.setEnabled(True)

    def _say(self, text: str, detail: str = "", *, tone: str = "") -> None:
        self.result.setText(text)
        set_tone(self.result, tone)
        self.result.setVisible(bool(text))
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))
        self.keep_button.hide()


def is_away(profile: ConnectionProfile | None) -> bool:
    """Whether a connection is an engine on another computer."""
    return profile is not None and profile.kind is ConnectionKind.ENGINE
