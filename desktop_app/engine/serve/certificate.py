"""A key and a certificate for a service that nobody else vouches for.

Whoever connects compares the fingerprint that the service printed with the one that came over the
network; from then on the certificate is known.
"""

import datetime as dt
import hashlib
import ipaddress
import logging
import os
import signal
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from desktop_app.engine.serve.starting import Exit, StartError
from desktop_app.engine.service_log import where
from desktop_app.engine.store.durable import write_durably

if TYPE_CHECKING:
    from cryptography import x509

log = logging.getLogger(__name__)

CERTIFICATE, KEY = "certificate.pem", "key.pem"
LIFETIME = dt.timedelta(days=825)
"""The longest that Apple's systems accept of a certificate installed by hand."""
_NO_LIBRARY = (
    "--self-signed needs the package 'cryptography': pip install 'exemplar[serve]'. Or make the"
    " two files with OpenSSL and give them by --tls-cert and --tls-key: openssl req -x509"
    " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -keyout key.pem"
    " -out certificate.pem -subj /CN=exemplar-engine -addext subjectAltName=DNS:NAME"
)


def keep_certificate(folder: Path, names: Sequence[str], given: Sequence[str]) -> tuple[Path, Path]:
    """Return a certificate and its key from `folder`, made for `names` where none there serves.

    One does as long as it is for the names `given` by the user and does not end within a day.
    Others, such as this computer's addresses, come and go: clients know the certificate, and a new
    one is an alarm to each of them. Raises StartError.
    """
    certificate, key = folder / CERTIFICATE, folder / KEY
    try:
        if not (key.is_file() and _serves(certificate, given)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(certificate, key, names)
    except ImportError as error:
        raise StartError(Exit.CERTIFICATE, _NO_LIBRARY) from error
    except OSError as error:
        message = f"The certificate cannot be kept: {error.strerror}."
        raise StartError(Exit.CERTIFICATE, message) from error
    return certificate, key


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 of the first certificate in a PEM file. Raises StartError."""
    try:
        text = certificate.read_text(encoding="ascii")
        end = text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)
        der = ssl.PEM_cert_to_DER_cert(text[text.index(ssl.PEM_HEADER) : end])
    except (OSError, ValueError) as error:
        raise StartError(Exit.CERTIFICATE, "The certificate cannot be read.") from error
    return fingerprint_of(der)


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in DER, as people compare it."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def server_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Return TLS 1.2 or newer with this certificate. Raises StartError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # No question on the terminal for a password: a service has nobody to ask.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        message = "The certificate or its key cannot be used: are they a pair, as PEM files?"
        raise StartError(Exit.CERTIFICATE, message) from error
    return context


def _serves(path: Path, names: Sequence[str]) -> bool:
    from cryptography import x509  # noqa: PLC0415  # an extra on some systems

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    known = {str(name.value) for name in alternatives.value}
    return set(names) <= known and found.not_valid_after_utc > tomorrow


def _make(certificate: Path, key: Path, names: Sequence[str]) -> None:
    from cryptography import x509  # noqa: PLC0415  # an extra on some systems
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415

    secret = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "exemplar-engine")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=who, subject_name=who)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # clocks differ
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
        # Not able to sign others: a client that trusts it trusts this service alone.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(secret.public_key()), critical=False
        )
        .sign(secret, hashes.SHA256())
    )
    private = secret.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_durably(key, private)
    if os.name == "posix":
        key.chmod(0o600)
    write_durably(certificate, made.public_bytes(serialization.Encoding.PEM))


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509  # noqa: PLC0415  # an extra on some systems

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def read_again_at_hangup(
    context: ssl.SSLContext | None,
    certificate: Path | None,
    key: Path | None,
    renewed: Callable[[str], None],
) -> None:
    """Take up a renewed certificate at SIGHUP; one that does not serve changes nothing.

    `renewed` is told the new fingerprint.

    Without a certificate nothing happens: the signal would end the process otherwise.
    """
    if sys.platform == "win32":
        return

    def read_again(_signal: int, _frame: FrameType | None) -> None:
        if context is None or certificate is None:
            return
        try:
            # Tried on another one first: half a pair would leave the service without any.
            server_context(certificate, key)
            context.load_cert_chain(certificate, key, password=lambda: "")
            renewed(fingerprint(certificate))
        except (StartError, OSError, ValueError) as error:
            why = error if isinstance(error, StartError) else where(error)
            log.error("the certificate was not read again: %s", why)
            return
        log.info("the certificate was read again")

    signal.signal(signal.SIGHUP, read_again)
