"""Telling this computer from every other."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host, by name or number, is this computer."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
