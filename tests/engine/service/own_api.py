"""Asking a service for what is not a part of the protocol."""

import time
from pathlib import Path
from typing import Any

import httpx2

from tests.engine.service.engine_child import TOKEN

ENDED = {"succeeded", "failed", "cancelled"}


class Caller:
    """Asks a service for what is not a part of the protocol."""

    def __init__(self, base_url: str) -> None:
        self._root = base_url.removesuffix("/v1")
        self._client = httpx2.Client(
            headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=20
        )

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Return the status and the JSON of an answer under /engine."""
        answer = self._client.request(method, f"{self._root}/engine/{path}", json=body)
        return answer.status_code, answer.json()

    def export(self, model: str | None, kind: str, folder: Path, **more: object) -> tuple[int, Any]:
        """Order an export."""
        body = {"model": model, "kind": kind, "folder": str(folder), **more}
        return self.ask("POST", "exports", body)

    def ended(self, export_id: str) -> Any:  # noqa: ANN401  # JSON
        """Wait for the end of an export."""
        deadline = time.monotonic() + 30
        while (body := self.ask("GET", f"exports/{export_id}")[1])["status"] not in ENDED:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return body

    def exported(self, model: str | None, kind: str, folder: Path, **more: object) -> Any:  # noqa: ANN401  # JSON
        """Order an export and wait for its end."""
        status, body = self.export(model, kind, folder, **more)
        assert status == 202, body
        return self.ended(body["id"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
