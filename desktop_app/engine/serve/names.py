"""Where the service listens, and by which names it is called."""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Address:
    """An IP address of this computer, or all of them (0.0.0.0, ::), and a port; 0 is any free."""

    host: str
    port: int

    @staticmethod
    def parse(text: str) -> "Address":
        """Read HOST:PORT; an IPv6 address stands in brackets. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise ValueError("expected HOST:PORT")
        if host == "localhost":
            host = "127.0.0.1"
        return Address(str(ipaddress.ip_address(host)), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this computer can connect."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def is_any(self) -> bool:
        """Whether it stands for every address of this computer."""
        return ipaddress.ip_address(self.host).is_unspecified


def names_of(address: Address, given: Iterable[str]) -> list[str]:
    """Return the names and addresses by which clients may call the service, given ones first.

    Loopback is always among them, for tunnels and for the service's own checks.
    """
    names = given_names(given)
    if address.is_any:
        names += own_names() if not names else []
    else:
        names.append(address.host)
    return list(dict.fromkeys([*names, *LOOPBACK_NAMES]))


def given_names(given: Iterable[str]) -> list[str]:
    """Return names that a user gave in the form in which they are compared."""
    return [name.strip("[]").lower() for name in given]


def own_names() -> list[str]:
    """Return this computer's host name and the addresses of its network interfaces."""
    names = _host_name()
    for addresses in psutil.net_if_addrs().values():
        for found in addresses:
            if found.family in (socket.AF_INET, socket.AF_INET6):
                parsed = ipaddress.ip_address(found.address.partition("%")[0])
                if not parsed.is_link_local and not parsed.is_loopback:
                    names.append(str(parsed))
    return list(dict.fromkeys(names))


def _host_name() -> list[str]:
    """Return the host name as certificates and clients write it (RFC 3490); none if it has none."""
    name = socket.gethostname().lower()
    if name.isascii():
        return [name] if name else []
    try:
        return [name.encode("idna").decode("ascii")]
    except UnicodeError:
        return []


def url_host(name: str) -> str:
    """Return a name as it stands in a URL."""
    return f"[{name}]" if ":" in name else name
