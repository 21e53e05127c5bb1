"""`exemplar-engine serve` as a child process, and clients that come to it over TLS."""

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

NAME = "box.example"
FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){31}[0-9A-F]{2}")


def command(*arguments: object) -> list[str]:
    """Return a command line of exemplar-engine."""
    return [sys.executable, "-m", "desktop_app.engine", *map(str, arguments)]


def outcome(*arguments: object, **environment: str) -> tuple[int, str, str]:
    """Run exemplar-engine to its end; return its code and what it said."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout, done.stderr


class Served:
    """A service that has said where it is."""

    def __init__(self, store: Path, *arguments: object) -> None:
        self.store = store
        self.process = subprocess.Popen(
            command("serve", "--store", store, "--listen", "127.0.0.1:0", *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        if not self.said:
            raise AssertionError(self.process.communicate()[1])
        # The last line: the fingerprint, or where the token is.
        while "Token:" not in self.said or ("https" in self.said and not self.fingerprint):
            self.said += self.process.stdout.readline()
        self.root = self.said.split()[2].removesuffix("/v1")
        self.token = (store / "token").read_text().strip()

    @property
    def fingerprint(self) -> str:
        """What the service says of its certificate, '' if nothing."""
        found = FINGERPRINT.search(self.said)
        return found[0] if found else ""

    def trust(self) -> ssl.SSLContext | bool:
        """Return a client's belief in this service's certificate alone, by its names."""
        made = self.store / "tls" / "certificate.pem"
        return ssl.create_default_context(cafile=str(made)) if made.exists() else True

    def client(self, token: str | None = None) -> httpx2.Client:
        """Return a client that knows the token, or believes another one to be it."""
        return httpx2.Client(
            base_url=self.root,
            verify=self.trust(),
            headers={"authorization": f"Bearer {token or self.token}"},
            trust_env=False,
            timeout=60,
        )

    def ask(self, method: str, path: str, **how: Any) -> tuple[int, Any]:  # noqa: ANN401  # JSON
        """Return the status and the JSON of an answer."""
        with self.client() as client:
            answer = client.request(method, path, **how)
            return answer.status_code, answer.json()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the service and return its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end, which must be a quiet one."""
        _, errors = self.process.communicate(timeout=20)
        assert errors == ""
        return self.process.returncode


@contextmanager
def served(store: Path, *arguments: object) -> Iterator[Served]:
    """Run a service; it must end cleanly."""
    service = Served(store, *arguments)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            assert service.stop() == 0
