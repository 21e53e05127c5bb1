"""The process in which llama.cpp runs: whatever happens in it, the service goes on.

It reads lines of JSON from its standard input and writes such lines to its standard output. First
it is told the files, {"model", "adapters", ...}, and says {"ready": true} or {"failed": "..."}.
Then {"id", "body"} asks for a reply, which comes as {"id", "text", "token", "tokens"} and at last
{"id", "end", "tokens"}, or {"id", "failed"}; {"cancel": id} gives it up. The end of its input is
its end.
"""

import importlib
import json
import os
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

BATCH_TOKENS = 128
"""A prompt is read in parts of so many tokens: giving a reply up waits for one part at most."""


class Replies:
    """Makes replies, each on a thread: the library puts those together that it can."""

    def __init__(self, server: Any, tell: Callable[[dict[str, object]], None]) -> None:  # noqa: ANN401  # untyped
        self._server = server
        self._tell = tell
        self._unwanted: dict[int, threading.Event] = {}

    def begin(self, number: int, body: dict[str, object]) -> None:
        """Begin a reply."""
        unwanted = self._unwanted[number] = threading.Event()
        threading.Thread(target=self._make, args=(number, body, unwanted), daemon=True).start()

    def give_up(self, number: int) -> None:
        """Nobody reads it any more."""
        if unwanted := self._unwanted.get(number):
            unwanted.set()

    def _make(self, number: int, body: dict[str, object], unwanted: threading.Event) -> None:
        def take(chunk: dict[str, Any]) -> bool:
            if not unwanted.is_set():
                self._tell_chunk(number, chunk)
            return unwanted.is_set()

        try:
            self._server.handle_completions(body, take)
        except Exception as error:  # noqa: BLE001  # the library's own, and whoever asked waits
            self._tell({"id": number, "failed": type(error).__name__})
        finally:
            del self._unwanted[number]

    def _tell_chunk(self, number: int, chunk: dict[str, Any]) -> None:
        if "choices" not in chunk:
            self._tell({"id": number, "failed": "it refused the request"})
        elif "prompt_progress" not in chunk:
            choice, more = chunk["choices"][0], chunk["__verbose"]
            told: dict[str, object] = {"id": number, "tokens": more["tokens_predicted"]}
            if choice["finish_reason"] is not None:
                self._tell(told | {"end": choice["finish_reason"]})
            else:
                tokens = more["tokens"]
                token = tokens[0] if len(tokens) == 1 else None
                self._tell(told | {"text": choice["text"], "token": token})


def _server(told: dict[str, Any], folder: str) -> Any:  # noqa: ANN401  # untyped
    """Load the model with its adapters; none of them counts but where a request says so."""
    # Here, as what goes wrong is to be told; by name, as most computers are without it.
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = told["model"]
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 1.0) for path in told["adapters"]]
    params.lora_init_without_apply = True
    params.n_ctx, params.n_parallel = told["context"] * told["slots"], told["slots"]
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = told["threads"]
    params.n_gpu_layers, params.fit_params, params.warmup = 0, False, False
    params.cache_ram_mib, params.n_ctx_checkpoints = 0, 0
    params.verbosity = -1
    # The library always listens. Nobody is to find it: a socket that is removed at once where
    # there are such, else one that asks for a key that nobody knows.
    params.api_keys, params.ui = [secrets.token_urlsafe(32)], False
    if os.name == "posix":
        params.hostnames = [str(Path(folder) / "s.sock")]
    return xllamacpp.Server(params)


def serve(lines: Iterable[str], out: IO[str]) -> None:
    """Do what the lines say, until they end."""
    lock = threading.Lock()

    def tell(what: dict[str, object]) -> None:
        with lock:
            out.write(json.dumps(what) + "\n")
            out.flush()

    lines = iter(lines)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            server = _server(json.loads(next(lines)), folder)
    except Exception as error:  # noqa: BLE001  # the library's own, of any kind
        tell({"failed": f"it does not start ({type(error).__name__})"})
        return
    tell({"ready": True})
    replies = Replies(server, tell)
    for line in lines:
        asked = json.loads(line)
        if "cancel" in asked:
            replies.give_up(asked["cancel"])
        else:
            replies.begin(asked["id"], asked["body"])


def main() -> None:
    """Run, and end without waiting for anything of the library."""
    # What the library prints must not come between the lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, out)
    out.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
