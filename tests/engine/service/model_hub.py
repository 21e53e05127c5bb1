"""A model hub on loopback that answers as the Hugging Face hub does, and fails where it is told to.

Large files (those of safetensors and GGUF) are given by a redirect to another address, with Range.
"""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from safetensors.numpy import save

LARGE = (".safetensors", ".gguf")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
}


def small_model(seed: int = 0, numbers: int = 60_000) -> dict[str, bytes]:
    """Return the files of a repository as it would be on a hub, and some that nobody wants."""
    generator = np.random.default_rng(seed)
    weights = save({"model.embed_tokens.weight": generator.normal(size=numbers).astype("<f4")})
    return {
        "config.json": json.dumps(CONFIG).encode(),
        "generation_config.json": b"{}",
        "tokenizer.json": b'{"model": {"type": "BPE"}}',
        "tokenizer_config.json": b'{"chat_template": "x"}',
        "model.safetensors": weights,
        "README.md": b"---\nlicense: apache-2.0\n---\nA model.",
        "LICENSE": b"The text of the licence.",
        ".gitattributes": b"*.safetensors filter=lfs",
        "pytorch_model.bin": b"a pickle",
        "modeling_own.py": b"raise SystemExit",
        "training_args.pt": b"a pickle",
        "onnx/model.onnx": b"another form",
        "original/consolidated.safetensors": b"another copy",
    }


@dataclass
class Repository:
    """One model on the hub."""

    files: dict[str, bytes]
    card: dict[str, Any] = field(
        default_factory=lambda: {"license": "apache-2.0", "language": "en"}
    )
    gated: bool = False
    commit: str = COMMIT

    def described(self) -> dict[str, Any]:
        siblings = []
        for path, content in self.files.items():
            entry: dict[str, Any] = {"rfilename": path, "size": len(content)}
            if path.endswith(LARGE):
                digest = hashlib.sha256(content).hexdigest()
                entry |= {"lfs": {"sha256": digest, "size": len(content), "pointerSize": 134}}
                entry["blobId"] = "f" * 40
            else:
                head = b"blob %d\0" % len(content)
                entry["blobId"] = hashlib.sha1(head + content).hexdigest()
            siblings.append(entry)
        return {
            "id": "any",
            "sha": self.commit,
            "gated": "manual" if self.gated else False,
            "cardData": self.card,
            "safetensors": {"parameters": {"F32": 60_000}, "total": 60_000},
            "siblings": siblings,
        }


@dataclass
class Hub:
    """What the hub has, what it does wrong, and what it was asked."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    address: str = ""
    fails: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """Answers instead of the right ones, by a part of the path; each is given once."""
    cuts: list[int] = field(default_factory=list)
    """After how many bytes the next large answers break off."""
    replaced: dict[str, bytes] = field(default_factory=dict)
    """Other bytes than those that were announced."""
    description: bytes | None = None
    """Another description of every repository than the right one."""
    redirect: str = ""
    """Where large files are, if not here."""
    ignores_range: bool = False
    encoding: str = ""
    """How files are said to be packed; they are not."""
    held: threading.Event | None = None
    """Large answers stop half way until this is set."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def asked_for(self, part: str) -> list[dict[str, str]]:
        """Return the headers of the requests for a path."""
        return [headers for path, headers in self.asked if part in path]


@contextmanager
def model_hub(**repositories: Repository) -> Iterator[Hub]:
    """Serve repositories; the names are owner__name."""
    hub = Hub({name.replace("__", "/"): each for name, each in repositories.items()})

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    hub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        if hub.held is not None:
            hub.held.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:  # the base class has it so
        hub = self.hub
        hub.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        for part, (status, headers) in list(hub.fails.items()):
            if part in self.path:
                del hub.fails[part]
                self._send(status, b"no", headers)
                return
        if match := re.fullmatch(
            r"/api/models/([^/]+/[^/]+)/revision/([^/?]+)\?blobs=true", self.path
        ):
            self._describe(match[1], match[2])
        elif match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path):
            self._resolve(match[1], match[3])
        elif match := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", self.path):
            self._large(match[2], hub.repositories[match[1]].files[match[2]])
        else:
            self._send(404, b"no such page", {})

    def _describe(self, name: str, revision: str) -> None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif revision not in {"main", repository.commit}:
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        else:
            right = json.dumps(repository.described()).encode()
            self._send(200, right if self.hub.description is None else self.hub.description, {})

    def _resolve(self, name: str, path: str) -> None:
        repository = self.hub.repositories[name]
        content = repository.files[path]
        if repository.gated and self.headers.get("authorization") != "Bearer hf_right":
            self._send(401, b"", {"X-Error-Code": "GatedRepo"})
        elif path.endswith(LARGE):
            to = self.hub.redirect or f"{self.hub.address}/cdn/{name}/{path}"
            linked = {"X-Linked-Size": str(len(content)), "X-Repo-Commit": repository.commit}
            self._send(302, b"", {"Location": to, **linked})
        else:
            self._send(200, self.hub.replaced.get(path, content), {"ETag": '"x"'})

    def _large(self, path: str, content: bytes) -> None:
        hub = self.hub
        content = hub.replaced.get(path, content)
        start, status, headers = 0, 200, {}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        if asked and not hub.ignores_range:
            start, status = int(asked[1]), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        most = hub.cuts.pop(0) if hub.cuts else len(body)
        if hub.encoding:
            headers["Content-Encoding"] = hub.encoding
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        if hub.held is not None:
            half = min(most, len(body) // 2)
            self.wfile.write(body[:half])
            hub.held.wait(20)
            body, most = body[half:], most - half
        with suppress(OSError):  # perhaps nobody waits any more
            self.wfile.write(body[:most])
        self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
