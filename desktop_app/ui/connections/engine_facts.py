"""What an engine runs on, in whole sentences."""

from PySide6.QtCore import QCoreApplication

from desktop_app.provider.connections.engine_status import EngineBackend, EngineStatus
from desktop_app.state.models.model_words import back_end, size

ITS_PROCESSOR = "this computer's processor"
"""How an engine names a processor."""


def engine_facts(status: EngineStatus, *, is_here: bool = True) -> str:
    """What reckons and on what, its memory, how fast it trains, and what else it could use."""
    lines = [_runs_on(status, is_here=is_here), _memory_and_speed(status)]
    lines += [_missing(each) for each in status.backends if not each.available]
    return "\n".join(filter(None, lines))


def _runs_on(status: EngineStatus, *, is_here: bool) -> str:
    if not status.backend:
        return ""
    text = _tr("Runs on {device} ({backend}), version {version}.")
    if status.threads == 1:
        text = _tr("Runs on {device} ({backend}) with one thread, version {version}.")
    elif status.threads:
        text = _tr("Runs on {device} ({backend}) with {n} threads, version {version}.")
    return text.format(
        device=_device(status.device, is_here=is_here),
        backend=back_end(status.backend),
        version=status.version,
        n=status.threads,
    )


def _device(device: str | None, *, is_here: bool) -> str:
    """An engine elsewhere calls its own computer "this computer", too."""
    if not is_here and (not device or device == ITS_PROCESSOR):
        return _tr("that computer's processor")
    return device or _tr("this computer's processor")


def _memory_and_speed(status: EngineStatus) -> str:
    memory = _tr("{free} of {all} of memory are free").format(
        free=size(status.memory_available_bytes), all=size(status.memory_bytes)
    )
    speed = _tr("how fast it trains has not been measured yet")
    if status.training_tokens_per_second is not None:
        speed = _tr("trains about {n} tokens a second, as measured").format(
            n=f"{status.training_tokens_per_second:,.0f}"
        )
    return f"{memory}; {speed}."


def _missing(backend: EngineBackend) -> str:
    if not backend.why:
        return ""
    text = _tr("{name} is not used. {why}")
    return text.format(name=back_end(backend.name), why=backend.why)


def _tr(text: str) -> str:
    return QCoreApplication.translate("engine_facts", text)
