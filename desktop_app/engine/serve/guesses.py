"""How often an address may be wrong about the token: over a network, guessing must be slow."""

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST_GUESSES = 10
"""So many wrong tokens may come from one address within WINDOW_SECONDS."""
WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000
"""So many are remembered; the ones that were wrong longest ago are forgotten first."""
IPV6_SITE_BITS = 64
"""Whoever has one address of a /64 has them all (RFC 6177)."""


class Guesses:
    """Counts wrong tokens by address."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """Return for how long an address is not listened to any more; 0 if it is."""
        times = self._wrong.get(_site(address))
        if times is None or len(times) < MOST_GUESSES:
            return 0.0
        return max(0.0, times[0] + WINDOW_SECONDS - self._now())

    def was_wrong(self, address: str) -> None:
        """Take note of a wrong token."""
        site = _site(address)
        self._wrong.setdefault(site, deque(maxlen=MOST_GUESSES)).append(self._now())
        self._wrong.move_to_end(site)
        while len(self._wrong) > MOST_ADDRESSES:
            self._wrong.popitem(last=False)


def _site(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_SITE_BITS), strict=False))
