"""Asks a model hub what a repository holds, and opens its files.

Speaks the HTTP of the Hugging Face hub: /api/models/{name}/revision/{revision}?blobs=true, and
/{name}/resolve/{commit}/{path}. Sources: huggingface.co/docs/hub/api; huggingface_hub,
hf_api.py (`model_info`) and utils/_http.py (`hf_raise_for_status`).
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Meta, Struct

from desktop_app import __version__
from desktop_app.engine.models.hub_files import HubFile
from desktop_app.engine.models.hub_name import HubName

if TYPE_CHECKING:  # takes a fifth of a second, which the start of the service does not have
    import httpx2

ENDPOINT = "https://huggingface.co"
CONNECT_SECONDS, SILENCE_SECONDS = 10.0, 30.0
MOST_REDIRECTS = 5
MOST_ANSWER_BYTES = 16 << 20
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_BUSY = "The model hub asks to wait: too many requests came from this connection.{wait}"
LOST = "The connection to the model hub was lost."
_PACKED = "The model hub, or a proxy before it, sends files packed, though asked not to."
_UNREACHABLE = "The model hub cannot be reached. Check the connection to the internet."


class HubError(Exception):
    """The hub does not give what was asked for; the text is meant for the user.

    `status` is what our own service answers. With `again` it is worth trying once more at once.
    """

    def __init__(self, status: int, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.again = again


_Size = Annotated[int, Meta(ge=0)]


class _Lfs(Struct, frozen=True):
    sha256: str = ""
    size: _Size = 0


class _Sibling(Struct, frozen=True):
    rfilename: str
    size: _Size | None = None
    blobId: str | None = None  # noqa: N815  # the hub's own name
    lfs: _Lfs | None = None

    def file(self) -> HubFile:
        if self.lfs is not None:
            return HubFile(self.rfilename, self.lfs.size, sha256=self.lfs.sha256.lower())
        return HubFile(self.rfilename, self.size or 0, blob=self.blobId)


class _Counted(Struct, frozen=True):
    total: _Size | None = None
    context_length: _Size | None = None


class Repository(Struct, frozen=True):
    """What the hub says of a repository; what is not needed of it is not read."""

    sha: str
    siblings: tuple[_Sibling, ...] = ()
    gated: bool | str = False
    cardData: dict[str, Any] | None = None  # noqa: N815  # the hub's own name
    safetensors: _Counted | None = None
    gguf: _Counted | None = None

    @property
    def files(self) -> list[HubFile]:
        """Every file."""
        return [sibling.file() for sibling in self.siblings]

    @property
    def card(self) -> Mapping[str, Any]:
        """What the model's card states in its head."""
        return self.cardData or {}

    @property
    def parameters(self) -> int | None:
        """How many numbers the weights hold, as the hub has counted them."""
        counted = self.safetensors or self.gguf
        return counted.total if counted else None


class Hub:
    """One hub. HF_ENDPOINT names another than the usual one, HF_TOKEN is its user's key."""

    def __init__(self) -> None:
        """Read the address. Raises HubError where it is none that may be used."""
        self.endpoint = os.environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")
        _check_address(self.endpoint, self.endpoint)

    def page(self, name: HubName) -> str:
        """Return the address at which a person reads about a model."""
        return f"{self.endpoint}/{name.full}"

    def look_up(self, name: HubName) -> Repository:
        """Ask for a repository's files and card. Blocks; raises HubError."""
        revision = quote(name.revision, safe="")
        url = f"{self.endpoint}/api/models/{name.full}/revision/{revision}?blobs=true"
        body = asyncio.run(self._read(name, url, MOST_ANSWER_BYTES))
        try:
            return msgspec.json.decode(body, type=Repository)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HubError(502, "The model hub's answer cannot be understood.") from error

    def read(self, name: HubName, commit: str, file: HubFile) -> bytes:
        """Return a small file. Blocks; raises HubError."""
        return asyncio.run(self._read(name, self._file_url(name, commit, file), file.size))

    @asynccontextmanager
    async def client(self) -> "AsyncIterator[httpx2.AsyncClient]":
        """Open connections to the hub; the proxy is the one that the environment names."""
        import httpx2  # noqa: PLC0415  # see above

        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        headers = {"user-agent": f"exemplar/{__version__}", "accept-encoding": "identity"}
        through_proxy = urlsplit(self.endpoint).scheme == "https"
        async with httpx2.AsyncClient(
            timeout=timeout, headers=headers, trust_env=through_proxy
        ) as client:
            yield client

    @asynccontextmanager
    async def open_file(
        self, client: "httpx2.AsyncClient", name: HubName, commit: str, file: HubFile, start: int
    ) -> "AsyncIterator[httpx2.Response]":
        """Open a file from a byte on, answered 206, or 200 where it comes from its beginning."""
        ranged = {"range": f"bytes={start}-"} if start else {}
        url = self._file_url(name, commit, file)
        async with self._opened(client, name, url, ranged) as response:
            yield response

    def _file_url(self, name: HubName, commit: str, file: HubFile) -> str:
        return f"{self.endpoint}/{name.full}/resolve/{quote(commit, safe='')}/{quote(file.path)}"

    async def _read(self, name: HubName, url: str, most_bytes: int) -> bytes:
        body = bytearray()
        async with self.client() as client, self._opened(client, name, url, {}) as response:
            async for piece in response.aiter_raw():  # identity was asked for
                body += piece
                if len(body) > most_bytes:
                    raise HubError(502, "The model hub's answer is longer than it may be.")
        return bytes(body)

    @asynccontextmanager
    async def _opened(
        self, client: "httpx2.AsyncClient", name: HubName, url: str, headers: Mapping[str, str]
    ) -> "AsyncIterator[httpx2.Response]":
        """Follow redirects, with the token for the hub itself only. Raises HubError."""
        import httpx2  # noqa: PLC0415  # see above

        token, lost = os.environ.get("HF_TOKEN", "").strip(), _UNREACHABLE
        try:
            for _ in range(MOST_REDIRECTS):
                _check_address(url, self.endpoint)
                own = bool(token) and _host(url) == _host(self.endpoint)
                sent = {**headers, "authorization": f"Bearer {token}"} if own else dict(headers)
                request = client.build_request("GET", url, headers=sent)
                response = await client.send(request, stream=True)
                if not response.is_redirect:
                    break
                await response.aclose()
                url = str(response.url.join(response.headers.get("location", "")))
            else:
                raise HubError(502, "The model hub sends from one address to another endlessly.")
            lost = LOST
            try:
                if not response.is_success:
                    raise self._refusal(name, response, has_token=bool(token))
                if response.headers.get("content-encoding", "identity").lower() != "identity":
                    raise HubError(502, _PACKED)
                yield response
            finally:
                await response.aclose()
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise HubError(502, lost, again=True) from error

    def _refusal(self, name: HubName, response: "httpx2.Response", *, has_token: bool) -> HubError:
        """Word what the hub answers instead of a file."""
        status, code = response.status_code, response.headers.get("x-error-code", "")
        if status == 429:
            wait = response.headers.get("retry-after", "")
            more = f" Try again in {wait} seconds." if wait.isdigit() else " Try again later."
            return HubError(503, _BUSY.format(wait=more))
        if status == 401 and has_token and not code:
            return HubError(403, "The model hub does not accept the access token in HF_TOKEN.")
        if code == "GatedRepo" or (status in {401, 403} and code != "RepoNotFound"):
            return HubError(403, self._closed(name, has_token=has_token))
        if code == "RevisionNotFound":
            return HubError(404, f"{name.full} has no revision {name.revision!r}.")
        if status in {401, 404}:
            return HubError(
                404,
                f"The model hub has no {name.full} that everybody may see. Check how it is"
                " written; for a private one the variable HF_TOKEN must hold an access token.",
            )
        message = f"The model hub failed (HTTP {status}). Try again later."
        return HubError(502, message, again=status >= 500)

    def _closed(self, name: HubName, *, has_token: bool) -> str:
        first = f"{name.full} is given only to those who have accepted its owner's terms. "
        if has_token:
            return first + f"The account of HF_TOKEN has not: do so at {self.page(name)}."
        return first + (
            f"Accept them at {self.page(name)}, put an access token of your account into the"
            " environment variable HF_TOKEN, and start the service again."
        )


def _check_address(url: str, endpoint: str) -> None:
    """Allow encrypted connections, and plain ones within this computer if the hub is there."""
    try:
        parts, hub = urlsplit(url), urlsplit(endpoint)
    except ValueError as error:
        raise HubError(502, "The address of the model hub is none.") from error
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == hub.scheme == "http" and {parts.hostname, hub.hostname} <= _LOOPBACK:
        return
    raise HubError(502, "The model hub's address is not an encrypted one (https), so not used.")


def _host(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
