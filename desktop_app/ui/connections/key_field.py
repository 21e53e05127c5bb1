"""A key as it is entered: masked, with a button to show it, and where it is kept."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop_app.state.connections.connections import Connections
from desktop_app.state.connections.keys import KeyPlace, KeyState
from desktop_app.storage.secrets import SecretsReason
from desktop_app.ui.widgets.parts import button, column, label, row

DOTS = "••••••••••••••••"


class KeyField(QWidget):
    """Holds what is typed, never what is kept, unless the user asks to see that."""

    removal_wanted = Signal()

    def __init__(self, connections: Connections) -> None:
        super().__init__()
        self._connections = connections
        self._base_url = ""
        self._host = ""
        self._revealed = ""
        self._is_token = False
        self.edit = QLineEdit()
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.show_button = button(self.tr("Show"), "quiet")
        self.remove_button = button(self.tr("Remove key"), "quiet")
        self.place = label(kind="small", wrap=True)
        layout = column(spacing=5)
        layout.addLayout(row(self.edit, self.show_button, self.remove_button, spacing=6))
        layout.addWidget(self.place)
        self.setLayout(layout)
        self.show_button.clicked.connect(self._toggle)
        self.remove_button.clicked.connect(self.removal_wanted)
        self.edit.textChanged.connect(self._refresh_buttons)
        self.call_it(token=False)

    @property
    def typed(self) -> str | None:
        """The key that the user has entered, None if there is nothing new."""
        text = self.edit.text().strip()
        return text if text and text != self._revealed else None

    def call_it(self, *, token: bool) -> None:
        """An engine has a token where a service has a key."""
        self._is_token = token
        self.edit.setAccessibleName(self.tr("Token") if token else self.tr("Key"))
        self.remove_button.setText(self.tr("Remove token") if token else self.tr("Remove key"))
        self.refresh()

    def show_for(self, base_url: str, host: str) -> None:
        """Be about the key for a host; `base_url` is "" while there is none to look for.

        A kept key that is being shown disappears: it is for its own host only.
        """
        if host != self._host:
            self._hide()
        self._base_url, self._host = base_url, host
        self.refresh()

    def clear(self) -> None:
        """Forget what was typed."""
        self._hide()
        self.edit.clear()
        self.refresh()

    def refresh(self) -> None:
        """Say where the key is now."""
        state = self._state
        paste = self.tr("Paste the token here") if self._is_token else self.tr("Paste the key here")
        self.edit.setPlaceholderText(DOTS if state.is_there else paste)
        self.remove_button.setVisible(state.is_there)
        self.place.setText(self._sentence(state))
        self._refresh_buttons()

    @property
    def _state(self) -> KeyState:
        return self._connections.keys.state(self._base_url) if self._base_url else KeyState()

    def _sentence(self, state: KeyState) -> str:
        only = self.tr("It is sent to {host} only.").format(host=self._host) if self._host else ""
        return f"{self._where(state)} {only}".strip()

    def _where(self, state: KeyState) -> str:
        if state.place is KeyPlace.KEYRING:
            return self.tr("Kept in the system's keyring.")
        if state.problem is SecretsReason.NO_KEYRING:
            return self.tr(
                "For this session only: no keyring was found. Install gnome-keyring or KWallet to "
                "keep it."
            )
        if state.problem is SecretsReason.LOCKED:
            return self.tr(
                "The system's keyring is locked, so a key is for this session only. Unlock the "
                "keyring and enter the key again to keep it."
            )
        if state.problem is not None:
            return self.tr(
                "The system's keyring did not take it, so a key is for this session only."
            )
        return self.tr("It will be kept in the system's keyring.")

    @Slot()
    def _refresh_buttons(self) -> None:
        self.show_button.setEnabled(bool(self.edit.text()) or self._state.is_there)

    @property
    def _is_shown(self) -> bool:
        return self.edit.echoMode() == QLineEdit.EchoMode.Normal

    @Slot()
    def _toggle(self) -> None:
        if self._is_shown:
            self._hide()
            return
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal)
        self.show_button.setText(self.tr("Hide"))
        if not self.edit.text() and self._state.is_there:
            self._connections.keys.reveal(self._base_url).succeeded.connect(self._reveal)

    @Slot(object)
    def _reveal(self, key: str | None) -> None:
        if self._is_shown and not self.edit.text() and key:
            self._revealed = key
            self.edit.setText(key)

    def _hide(self) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.show_button.setText(self.tr("Show"))
        if self._revealed and self.edit.text() == self._revealed:
            self.edit.clear()
        self._revealed = ""
