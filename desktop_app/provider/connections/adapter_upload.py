"""Sending an adapter to an engine that does not see this computer's files."""

from collections.abc import Mapping
from pathlib import Path

from desktop_app.provider.connections.engine_service import EngineService
from desktop_app.provider.provider import ErrorKind, ProviderError
from desktop_app.provider.upload_file import UploadFile

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
SILENCE_SECONDS = 600.0
"""How long an engine may take over what it has received."""


async def send_adapter(engine: EngineService, folder: Path, fields: Mapping[str, str]) -> object:
    """Send the two files of a PEFT folder, and return the answer. Raises ProviderError."""
    # The SDK takes half a second to import: on this thread, and not at start-up.
    from desktop_app.provider.client import new_client  # noqa: PLC0415
    from desktop_app.provider.errors import provider_errors  # noqa: PLC0415

    try:
        config = (folder / CONFIG).read_text("utf-8")
        tensors = UploadFile(folder / TENSORS, _no_progress)
    except (OSError, ValueError):
        what = f"There is no {CONFIG} with {TENSORS} beside it in this folder."
        raise ProviderError(ErrorKind.REFUSED, what) from None
    with provider_errors(engine.token), tensors:
        async with new_client(
            engine.base_url, engine.token, SILENCE_SECONDS, 0, engine.tls
        ) as client:
            return await client.post(
                str(client.base_url.join("/engine/adapters")),
                cast_to=object,
                body={**fields, "config": config},
                files=[("tensors", (TENSORS, tensors))],
                # The SDK turns the body into fields of a form where it sees this.
                options={"headers": {"Content-Type": "multipart/form-data"}},
            )


def _no_progress(_sent: int, _total: int) -> None:
    """Adapters are small."""
