"""The engines among the connections, and the models of each."""

from collections.abc import Awaitable, Callable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from desktop_app.background.task_runner import TaskRunner
from desktop_app.provider.connections.engine_desk import EngineDesk
from desktop_app.provider.connections.engine_provider import EngineProvider
from desktop_app.provider.provider import ErrorKind, Provider, ProviderError
from desktop_app.state.connections.engine_disk import EngineDisk
from desktop_app.state.models.engine_models import EngineModels
from desktop_app.state.notices import Notices
from desktop_app.storage.settings import THIS_COMPUTER


class Engines(QObject):
    """`bases_changed` names the connection of an engine that has other models than before."""

    bases_changed = Signal(str)

    def __init__(
        self,
        provide: Callable[[str], Awaitable[Provider]],
        runner: TaskRunner,
        notices: Notices,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._provide = provide
        self._runner = runner
        self._notices = notices
        self._models: dict[str, EngineModels] = {}
        self._disks: dict[str, EngineDisk] = {}

    def models(self, connection_id: str) -> EngineModels:
        """The models of an engine; made when it is first asked for."""
        if connection_id not in self._models:
            is_local = connection_id == THIS_COMPUTER
            desk = partial(self._desk, connection_id)
            made = EngineModels(desk, self._runner, self._notices, self, is_local=is_local)
            made.bases_changed.connect(self._tell)
            made.added.connect(self._tell)
            self._models[connection_id] = made
        return self._models[connection_id]

    def disk(self, connection_id: str) -> EngineDisk:
        """What an engine needs on its disk; made when it is first asked for."""
        if connection_id not in self._disks:
            desk = partial(self._desk, connection_id)
            self._disks[connection_id] = EngineDisk(desk, self._runner, self)
        return self._disks[connection_id]

    def forget(self, connection_id: str) -> None:
        """Let go of what was known of an engine: it is another one now, or none."""
        gone = self._models.pop(connection_id, None)
        if gone is not None:
            gone.give_up()
            gone.deleteLater()
        disk = self._disks.pop(connection_id, None)
        if disk is not None:
            disk.give_up()
            disk.deleteLater()

    @Slot()
    @Slot(str)
    def _tell(self, _id: str = "") -> None:
        sender = self.sender()
        for connection_id, models in list(self._models.items()):
            if models is sender:
                self.bases_changed.emit(connection_id)

    async def _desk(self, connection_id: str) -> EngineDesk:
        provider = await self._provide(connection_id)
        if not isinstance(provider, EngineProvider):
            raise ProviderError(ErrorKind.NOT_OFFERED)
        return provider.desk
