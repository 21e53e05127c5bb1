"""Certificates that nobody vouches for, trusted because the user has compared them once.

As with the keys of SSH hosts: what is shown at first contact is trusted by its fingerprint, and
anything else that is shown later is refused.
"""

import asyncio
import hashlib
import ssl
from contextlib import suppress
from dataclasses import dataclass

from desktop_app.provider.provider import ErrorKind, ProviderError

HELLO_SECONDS = 5.0


@dataclass(frozen=True)
class Certificate:
    """A certificate as its owner showed it; `der` is its binary form."""

    der: bytes

    @classmethod
    def of(cls, pem: str) -> "Certificate":
        """Read the text form. Raises ValueError."""
        return cls(ssl.PEM_cert_to_DER_cert(pem))

    @property
    def pem(self) -> str:
        """The text form, for settings."""
        return ssl.DER_cert_to_PEM_cert(self.der)

    @property
    def fingerprint(self) -> str:
        """SHA-256 in pairs of hexadecimal digits, as OpenSSL and the engine print it."""
        return hashlib.sha256(self.der).digest().hex(":").upper()

    @property
    def fingerprint_in_lines(self) -> str:
        """The same in two lines of sixteen pairs, to be compared by eye."""
        half = len(self.fingerprint) // 2
        return f"{self.fingerprint[:half]}\n{self.fingerprint[half + 1 :]}"


class CertificateError(ProviderError):
    """A computer showed a certificate that is not trusted. Nothing but a greeting was sent to it.

    `trusted` is what it should have shown, None at first contact.
    """

    def __init__(self, host: str, shown: Certificate, trusted: Certificate | None) -> None:
        super().__init__(ErrorKind.NO_CONNECTION, shown.fingerprint)
        self.host = host
        self.shown = shown
        self.trusted = trusted


def trusting(pem: str) -> ssl.SSLContext | None:
    """Return TLS that trusts this certificate and no other; None, the system's trust, for "".

    The host's name is not compared: the certificate itself is known, and the same computer may be
    called by several names. Raises ValueError for a text that is no certificate.
    """
    if not pem:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Or a certificate that may not sign others would not do as the end of the chain.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=Certificate.of(pem).der)
    except ssl.SSLError as error:
        raise ValueError("no certificate") from error
    return context


async def shown_by(host: str, port: int) -> Certificate | None:
    """Return the certificate that a computer shows, None if it shows none. Sends nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Looked at here, trusted nowhere: nothing is said to whoever shows it.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except OSError:  # ssl.SSLError and TimeoutError are among them
        return None
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return Certificate(der) if der else None


async def named(error: ProviderError, host: str, port: int, pem: str) -> ProviderError:
    """Return CertificateError if it was a certificate that kept a call from its goal."""
    if error.kind is not ErrorKind.NO_CONNECTION or "CERTIFICATE" not in error.detail:
        return error
    shown = await shown_by(host, port)
    trusted = Certificate.of(pem) if pem else None
    # One that is trusted and refused all the same has ended: the detail says so.
    return error if shown is None or shown == trusted else CertificateError(host, shown, trusted)
