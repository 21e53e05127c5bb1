"""What a service says when it is up: on the terminal, and in its store."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from desktop_app.engine.serve.names import LOOPBACK_NAMES, Address, url_host
from desktop_app.engine.store.durable import write_durably
from desktop_app.engine.store.folders import Folders

FINGERPRINT = "certificate_sha256"


@dataclass(frozen=True)
class Announcement:
    """Where a service is and how a client gets in. The token itself is never said."""

    address: Address
    names: Sequence[str]
    token_file: Path
    token_is_new: bool
    fingerprint: str | None
    behind_proxy: bool

    @property
    def base_url(self) -> str:
        """Return the address for this computer's own programs."""
        scheme = "http" if self.fingerprint is None else "https"
        host = "127.0.0.1" if self.address.is_any else self.address.host
        return f"{scheme}://{url_host(host)}:{self.address.port}/v1"

    def text(self) -> str:
        """Return what a person is told."""
        scheme = "http" if self.fingerprint is None else "https"
        where = f"{url_host(self.address.host)}:{self.address.port}"
        lines = [f"Listening on {scheme}://{where}/v1"]
        if self.behind_proxy:
            lines.append(f"Clients come by a proxy and call it {', '.join(self.names)}.")
        else:
            outside = [name for name in self.names if name not in LOOPBACK_NAMES]
            hosts = [url_host(name) for name in outside or ["localhost"]]
            urls = [f"  {scheme}://{host}:{self.address.port}/v1" for host in hosts]
            lines += ["Clients use one of:" if urls[1:] else "Clients use:", *urls]
        made = "made now" if self.token_is_new else "kept"
        lines.append(f"Token: {made} in {self.token_file}; `exemplar-engine token` prints it.")
        if self.fingerprint is not None:
            lines += ["SHA-256 fingerprint of the certificate:", f"  {self.fingerprint}"]
        return "\n".join(lines) + "\n"

    def keep(self, folders: Folders) -> None:
        """Keep where the service is, and how its certificate is known, in the store."""
        where: dict[str, object] = {"base_url": self.base_url, "pid": os.getpid()}
        if self.fingerprint is not None:
            where[FINGERPRINT] = self.fingerprint
        write_durably(folders.service, json.dumps(where).encode())

    def announce(self, folders: Folders) -> None:
        """Say it."""
        self.keep(folders)
        sys.stdout.write(self.text())
        sys.stdout.flush()
